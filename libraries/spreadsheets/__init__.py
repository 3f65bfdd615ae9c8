"""Files from outside, read safely, and the refused rows written back.

- `inspect` says where the addresses stand in a file: sheet, encoding, delimiter, heading row, columns.
- `read` gives its rows, with their true numbers, in batches; `Choice` overrides what `inspect` found.
- `Workbook` and `CsvFile` write tables of any length.
- `write_refused` writes rows back in the file's own columns, each with its reason, to be mended and uploaded again.

A file is judged and parsed in a child process that may die of it: then the file is refused, and nothing else happens.
One bad row costs one row. Cells come as they are: `emails.read_cell` takes their entries apart. A batch also has the
cells with an "@" outside the chosen column, so that the report can account for every address.

Nothing here knows Django.
"""

from libraries.spreadsheets.encodings import ENCODINGS, EncodingReading
from libraries.spreadsheets.errors import Defect, Refusal, RefusedFileError
from libraries.spreadsheets.kinds import EXTENSIONS, Kind, is_renamed
from libraries.spreadsheets.layout import NO_COLUMN, NO_HEADER, Choice, Layout
from libraries.spreadsheets.reading import Reading, inspect, read
from libraries.spreadsheets.rows import Batch, Row
from libraries.spreadsheets.sources import Sheet
from libraries.spreadsheets.tables import CsvFile, Table, Workbook
from libraries.spreadsheets.writer import Headings, RefusedRow, refused_extension, write_refused

__all__ = [
    "ENCODINGS",
    "EXTENSIONS",
    "NO_COLUMN",
    "NO_HEADER",
    "Batch",
    "Choice",
    "CsvFile",
    "Defect",
    "EncodingReading",
    "Headings",
    "Kind",
    "Layout",
    "Reading",
    "Refusal",
    "RefusedFileError",
    "RefusedRow",
    "Row",
    "Sheet",
    "Table",
    "Workbook",
    "inspect",
    "is_renamed",
    "read",
    "refused_extension",
    "write_refused",
]
