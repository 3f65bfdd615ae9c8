"""What can be wrong with a file and with a row, as codes. The web layer has the sentences."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a whole file is not read. `RefusedFileError.detail` has what the sentence needs, named here."""

    EMPTY = "empty"  # no byte, or nothing but blank rows
    TOO_LARGE = "too_large"  # bytes, limit
    UNKNOWN_KIND = "unknown_kind"  # extension
    WRONG_KIND = "wrong_kind"  # named, content: the name says one kind and the content is another
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"  # not what its kind requires; also whatever makes the parser crash
    TOO_MANY_PARTS = "too_many_parts"  # limit
    UNPACKED_TOO_LARGE = "unpacked_too_large"  # limit, in bytes: also a part that inflates beyond all proportion
    UNSAFE_XML = "unsafe_xml"  # a document type, an entity, or an encoding that could hide one
    TOO_MANY_ROWS = "too_many_rows"  # limit
    TOO_MANY_COLUMNS = "too_many_columns"  # limit
    TOO_MANY_CELLS = "too_many_cells"  # limit: rows x columns of the area in use, or texts
    UNKNOWN_ENCODING = "unknown_encoding"  # the user may choose one of ENCODINGS
    UNKNOWN_SHEET = "unknown_sheet"  # sheet: the one that was chosen is not there
    TOO_MUCH_MEMORY = "too_much_memory"
    TOO_SLOW = "too_slow"
    READER_FAILED = "reader_failed"  # the child process could not be started or broke its protocol


class RefusedFileError(Exception):
    """A file that is not read. Holds no text of the file but what its detail names."""

    def __init__(self, code: Refusal, **detail: str | int) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Defect(StrEnum):
    """Why a row has no address to judge, although it is not blank. Other rows are not touched by it."""

    UNREADABLE = "unreadable"  # bytes that are no text in the encoding of the file, shown as \\xNN
    FORMULA = "formula"  # a formula without a stored value, shown as the formula
    ERROR = "error"  # an error value such as #N/A, shown as it is
    TOO_LONG = "too_long"  # more than limits.CELL_CHARACTERS, shown cut off
    MISSING = "missing"  # nothing in the e-mail column, something in another
