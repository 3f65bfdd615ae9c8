"""What the product takes for its work, measured: `make bench` prints a Markdown table.

A file here is a subject. Its `rows()` yields (what, result, floor): what was measured, the figure with its unit, and
the figure that it must not fall below or rise above, or "" where none is promised. A migrated, empty database and the
settings of production are there when it is called; what it writes is thrown away.
"""

from collections.abc import Iterable

Row = tuple[str, str, str]
Rows = Iterable[Row]
