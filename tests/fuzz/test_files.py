"""Real files of every kind, damaged, through the child that reads them: rows or a refusal, and the parent lives on."""

import io
import random
import zipfile
from functools import cache
from pathlib import Path

import pytest

from libraries import spreadsheets
from libraries.spreadsheets import RefusedFileError
from tests.fuzz.run import fuzz
from tests.fuzz.texts import text
from tests.libraries.spreadsheets import attacks, biff_files, files
from tests.support.hostile_text import ADDRESSES

pytestmark = [pytest.mark.engine_independent, pytest.mark.timeout(1200)]

ROWS = [["Email", "그룹", "n"], *[[address, f"VIP, {number}", number] for number, address in enumerate(ADDRESSES)]]
NUMBERS = [bytes([value]) * count for value in (0, 1, 0x7F, 0x80, 0xFF) for count in (1, 2, 4)]


@cache
def whole_files() -> dict[str, bytes]:
    lines = "\r\n".join(",".join(map(str, row)) for row in ROWS)
    plain = "\r\n".join("\t".join(map(str, row)) for row in ROWS[:2])
    return {
        "list.xlsx": files.xlsx(ROWS),
        "list.xls": files.xls(ROWS),
        "list.ods": files.ods(ROWS),
        "utf8.csv": lines.encode("utf-8-sig"),
        "utf16.txt": lines.replace(",", "\t").encode("utf-16"),
        "korean.csv": plain.encode("cp949", "replace"),
        "japanese.csv": plain.encode("cp932", "replace"),
        "page.xls": page("utf-8"),
        "korean_page.xls": page("cp949"),
        "archive.mht": b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page("utf-8"),
        "xml_2003.xls": xml_2003(),
        "sylk.slk": b"ID;P\n" + b"".join(b'C;X1;Y%d;K"a%d@example.com"\n' % (n, n) for n in range(1, 40)) + b"E\n",
        "flat.ods": zipfile.ZipFile(io.BytesIO(files.ods(ROWS))).read("content.xml"),
        "biff8.xls": biff_files.compound(
            {"Workbook": biff_files.biff8(TEXTS, code_page=949, hidden=[3], errors=[(9, 0)])}
        ),
        "biff5.xls": biff_files.compound({"Book": biff_files.biff5(TEXTS, "cp949", code_page=949)}),
        "biff5_stream.xls": biff_files.biff5(TEXTS, "cp932", code_page=None),
        "biff2.xls": biff_files.biff2(TEXTS, "cp949"),
        "odd.xlsx": files.raw_xlsx(ODD, strings="<si><t>a@example.com</t></si>"),
        "encrypted.xlsx": attacks.encrypted_workbook(),
        **{
            path.name: path.read_bytes()
            for path in (WRITTEN / name for name in ("real-js-xlml.xls", "real-perl-ko.xls"))
        },
    }


TEXTS = [["Email", "name"], *[[f"a{number}@example.com", "x"] for number in range(20)]]
WRITTEN = Path(__file__).parents[1] / "libraries" / "spreadsheets" / "written"
ODD = "<!-- odd -->" + "".join(
    f'<row r="{n}" hidden="1"><c r="A{n}" t="s"><v> 0 </v></c><c t="e"><v>#SPILL!</v></c></row>' for n in range(1, 9)
)


def page(encoding: str) -> bytes:
    rows = "".join(f"<tr><td rowspan=2>{number}<td colspan=3>a{number}@example.com<br>x" for number in range(30))
    return f'<meta charset="{encoding}"><style>td {{}}</style><table>{rows}</table>'.encode(encoding)


def xml_2003() -> bytes:
    name = "urn:schemas-microsoft-com:office:spreadsheet"
    row = '<Row ss:Index="{0}"><Cell ss:Index="2"><Data>a{0}@example.com</Data></Cell></Row>'
    rows = "".join(map(row.format, range(1, 60, 2)))
    sheet = f'<Worksheet ss:Name="S"><Table>{rows}</Table></Worksheet>'
    return f'<Workbook xmlns="{name}" xmlns:ss="{name}">{sheet}</Workbook>'.encode()


def test_a_damaged_file_ends_as_rows_or_as_a_refusal(tmp_path: Path) -> None:
    whole = {**whole_files(), "list.xlsb": files.xlsb(ROWS, tmp_path)}
    stored = tmp_path / "stored"

    def case(dice: random.Random) -> None:
        name = dice.choice(sorted(whole))
        stored.write_bytes(damaged(whole[name], dice))
        if not dice.randrange(10):
            name = dice.choice(sorted(whole))
        try:
            with spreadsheets.read(stored, name=name, with_cells=bool(dice.randrange(2))) as reading:
                rows = [row for batch in reading for row in batch]
        except RefusedFileError:
            pass
        else:
            assert [row.number for row in rows] == sorted({row.number for row in rows})

    fuzz("files", case)
    stored.write_text("Email\nalice@example.com\n")
    with spreadsheets.read(stored, name="next.csv") as reading:
        assert [row.email for batch in reading for row in batch] == ["alice@example.com"]


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Somewhere in the file; of an archive often inside one of its parts, where the checksum would hide it."""
    if content.startswith(b"PK") and dice.randrange(3):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
        name = dice.choice(sorted(parts))
        part = parts[name]
        parts[name] = _bytes_damaged(part if isinstance(part, bytes) else part.encode(), dice)
        return files.zipped(parts, stored=["mimetype"])
    return _bytes_damaged(content, dice)


def _bytes_damaged(content: bytes, dice: random.Random) -> bytes:
    result = bytearray(content)
    for _ in range(dice.choice([1, 1, 2, 5, 30])):
        place = dice.randrange(len(result) + 1)
        length = dice.choice([1, 2, 4, 16, 200])
        match dice.randrange(6):
            case 0:
                del result[place : place + length]
            case 1:
                result[place:place] = result[place : place + length] * dice.choice([1, 2, 50])
            case 2:
                number = dice.choice(NUMBERS)
                result[place : place + len(number)] = number
            case 3:
                result[place:place] = text(dice, most=4).encode()
            case 4 if not dice.randrange(4):
                del result[place:]
            case _:
                result[place : place + 1] = bytes([dice.randrange(256)])
    return bytes(result)
