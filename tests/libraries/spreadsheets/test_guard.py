"""The gate: names, kinds and archives, one rule at a time."""

import itertools
import struct

import pytest

from libraries.spreadsheets import Kind, Refusal, RefusedFileError, careful, limits
from libraries.spreadsheets.archive import Archive
from libraries.spreadsheets.grid import Survey, column_number, survey
from libraries.spreadsheets.guard import admit
from libraries.spreadsheets.kinds import EXTENSIONS, is_renamed, kind_of_name
from tests.libraries.spreadsheets import files


def code(content: bytes, name: str) -> Refusal:
    with pytest.raises(RefusedFileError) as refused:
        admit(content, name)
    return refused.value.code


def test_every_extension_has_a_kind() -> None:
    assert set(EXTENSIONS) == {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".csv", ".tsv", ".txt"}


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("LIST.XLSX", files.xlsx([["x"]]), Kind.XLSX),
        ("이메일 목록.xlsm", files.xlsx([["x"]]), Kind.XLSX),
        ("a.b.ods", files.ods([["x"]]), Kind.ODS),
        ("a.xls", files.xls([["x"]]), Kind.XLS),
        ("a.tsv", b"x", Kind.TEXT),
    ],
)
def test_name_and_content_that_agree_are_admitted(name: str, content: bytes, kind: Kind) -> None:
    assert admit(content, name).kind is kind


def test_content_decides_whatever_the_name_says() -> None:
    contents = {
        Kind.XLSX: files.xlsx([["x"]]),
        Kind.ODS: files.ods([["x"]]),
        Kind.XLS: files.xls([["x"]]),
        Kind.TEXT: b"x",
        Kind.HTML: b"<table><tr><td>x",
        Kind.SYLK: b"ID;PX\nE\n",
    }
    for extension, (kind, content) in itertools.product(EXTENSIONS, contents.items()):
        assert admit(content, f"a{extension}").kind is kind
        assert is_renamed(kind, f"a{extension}") is (kind_of_name(f"a{extension}") is not kind)


def test_every_truncation_of_an_archive_is_refused() -> None:
    content = files.xlsx([["a@example.com"]])
    for length in range(2, len(content), 7):
        assert code(content[:length], "a.xlsx") in {Refusal.DAMAGED, Refusal.WRONG_KIND}


def test_any_changed_byte_is_read_or_refused() -> None:
    """Nothing but a RefusedFileError comes out of the gate, whichever byte of the archive's structure is changed."""
    content = files.raw_xlsx('<row r="1"><c r="A1"><v>1</v></c></row>')
    for position, value in itertools.product(range(len(content)), (0x00, 0x7F, 0xFF)):
        changed = bytearray(content)
        changed[position] = value
        try:
            admit(bytes(changed), "a.xlsx")
        except RefusedFileError as refused:
            assert refused.code  # noqa: PT017 - the point is that nothing else is raised


def test_archive_unpacks_what_was_packed() -> None:
    parts = {"a.xml": b"<a/>" * 1_000, "b.bin": b"", "c.bin": bytes(range(256)) * 5_000}
    archive = Archive(files.zipped(parts, stored=["c.bin"]))
    assert {name: archive.read(name) for name in archive.parts} == parts
    assert archive.unpacked_bytes == sum(map(len, parts.values()))


def test_encrypted_part_is_refused() -> None:
    content = bytearray(files.xlsx([["x"]]))
    entry = -1
    while (entry := content.find(b"PK\x01\x02", entry + 1)) >= 0:
        struct.pack_into("<H", content, entry + 8, 1)
    assert code(bytes(content), "a.xlsx") is Refusal.ENCRYPTED


@pytest.mark.parametrize("name", ["../x.xml", "/x.xml", "a/../../x.xml", "a\\..\\x.xml"])
def test_part_outside_the_archive_is_refused(name: str) -> None:
    assert code(files.zipped(files.xlsx_parts("") | {name: "<a/>"}), "a.xlsx") is Refusal.DAMAGED


@pytest.mark.parametrize("declaration", ["<!DOCTYPE a>", "<!ENTITY a 'b'>", "<!doctype a>"])
@pytest.mark.parametrize("padding", [0, 1024 * 1024 - 5, 1024 * 1024 + 1])
def test_declaration_is_found_wherever_it_stands(declaration: str, padding: int) -> None:
    noise = "".join(map(str, range(padding // 5)))[:padding].ljust(padding)
    parts = files.xlsx_parts("") | {"xl/sharedStrings.xml": f"<a>{noise}{declaration}</a>"}
    assert code(files.zipped(parts), "a.xlsx") is Refusal.UNSAFE_XML


@pytest.mark.parametrize(("letters", "number"), [(b"A", 1), (b"Z", 26), (b"AA", 27), (b"XFD", 16_384)])
def test_letters_of_a_column_are_counted(letters: bytes, number: int) -> None:
    assert column_number(letters) == number


@pytest.mark.parametrize("piece_bytes", [1, 7, 64, 10_000])
@pytest.mark.parametrize("spelling", ['<c r="{0}" s="1"><f>A1</f></c>', '<c s="1" r="{0}"><f>A1</f></c>'])
def test_survey_is_the_same_however_it_is_cut(piece_bytes: int, spelling: str) -> None:
    rows = "".join(f'<row r="{n}">{spelling.format(f"B{n}")}</row>' for n in range(1, 51))
    xml = files.sheet_xml(rows).encode()
    found = surveyed([xml[start : start + piece_bytes] for start in range(0, len(xml), piece_bytes)])
    assert (found.rows, found.columns, len(found.lost)) == (50, 2, 50)


def test_cells_without_references_are_counted() -> None:
    found = surveyed([files.sheet_xml("<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>1</v></c></row>").encode()])
    assert (found.rows, found.columns) == (2, 2)


def surveyed(pieces: list[bytes]) -> Survey:
    return survey(pieces) or careful.survey(pieces, strings=0)[0]


def test_sheet_of_the_greatest_length_is_admitted() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in (1, limits.SHEET_ROWS))
    assert admit(files.raw_xlsx(rows), "a.xlsx")
