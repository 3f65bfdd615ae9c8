"""In CI nothing may be left out silently: there a skipped test has failed."""

import os
from typing import Any

import pytest

SKIPS_ARE_FAILURES = any(os.environ.get(name, "").lower() in {"1", "true"} for name in ("CI", "FORBID_SKIPS"))


def _fail_instead(report: Any) -> None:
    if SKIPS_ARE_FAILURES and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (CI or FORBID_SKIPS is set, so this is a failure)"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    _fail_instead(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    report = yield
    _fail_instead(report)
    return report
