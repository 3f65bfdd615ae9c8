"""The history as a whole: read, checked, trimmed, guarded. What writes its lines is `services.audit`."""

from workspace.services.history.guard import install_guard, is_guarded
from workspace.services.history.reading import Filters, Page, all_lines, line_of, page_of, people_in, record_fetch
from workspace.services.history.trimming import log_heads, trim
from workspace.services.history.verifying import Fault, Finding, Head, heads, verify

__all__ = [
    "Fault",
    "Filters",
    "Finding",
    "Head",
    "Page",
    "all_lines",
    "heads",
    "install_guard",
    "is_guarded",
    "line_of",
    "log_heads",
    "page_of",
    "people_in",
    "record_fetch",
    "trim",
    "verify",
]
