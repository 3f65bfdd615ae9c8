"""Files made to hurt whoever reads them, each with the codes under which it may be refused."""

import io
import random
import struct
import zlib
from collections.abc import Callable

from msoffcrypto.format.ooxml import OOXMLFile

from libraries.spreadsheets import Refusal
from tests.libraries.spreadsheets import files

MIB = 1024 * 1024
Attack = tuple[str, Callable[[], bytes], set[Refusal]]


def corner_cells(spelling: str = '<c r="{0}"><v>1</v></c>') -> bytes:
    """A1 and XFD1048576: the grid between them has 17 thousand million cells."""
    first, last = spelling.format("A1"), spelling.format("XFD1048576")
    return files.raw_xlsx(f'<row r="1">{first}</row><row r="1048576">{last}</row>')


def prefixed_corner_cells() -> bytes:
    parts = files.xlsx_parts("")
    parts["xl/worksheets/sheet1.xml"] = (
        '<?xml version="1.0"?><x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row><x:row r="1048576">'
        '<x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    return files.zipped(parts)


def corner_cells_behind_a_comment() -> bytes:
    """So far into the part that whoever looks at its start only does not see a sheet."""
    parts = files.xlsx_parts("")
    noise = "".join(str(number) for number in range(400_000))
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    parts["xl/worksheets/sheet1.xml"] = f"<!--{noise}-->" + files.sheet_xml(cells).partition("?>")[2]
    return files.zipped(parts)


def corner_cells_in_xlsb() -> bytes:
    """Two records of a binary sheet, in opposite corners."""

    def record(kind: int, data: bytes) -> bytes:
        encoded = bytes([kind & 0x7F | 0x80, kind >> 7]) if kind > 0x7F else bytes([kind])
        return encoded + bytes([len(data)]) + data

    sheet = record(0x81, b"") + record(0x94, struct.pack("<4I", 0, 1048575, 0, 16383)) + record(0x91, b"")
    for row, column in ((0, 0), (1048575, 16383)):
        sheet += record(0, struct.pack("<IIHH", row, 0, 300, 0) + b"\0" * 5)
        sheet += record(5, struct.pack("<IId", column, 0, 1.0))
    sheet += record(0x92, b"") + record(0x82, b"")
    name = "S".encode("utf-16-le")
    relation = "r1".encode("utf-16-le")
    bundle = struct.pack("<II", 0, 1) + struct.pack("<I", 2) + relation + struct.pack("<I", 1) + name
    workbook = record(0x83, b"") + record(0x8F, b"") + record(0x9C, bundle) + record(0x90, b"") + record(0x84, b"")
    parts = files.xlsx_parts("")
    types = files.CONTENT_TYPES.replace("workbook.xml", "workbook.bin").replace(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
    )
    relations = str(parts["xl/_rels/workbook.xml.rels"]).replace("sheet1.xml", "sheet1.bin")
    return files.zipped(
        {
            "[Content_Types].xml": types,
            "_rels/.rels": str(parts["_rels/.rels"]).replace("workbook.xml", "workbook.bin"),
            "xl/workbook.bin": workbook,
            "xl/_rels/workbook.bin.rels": relations,
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


def huge_part(name: str, around: tuple[bytes, bytes], filler: bytes, mebibytes: int) -> bytes:
    """A workbook with one part that inflates to so much, made without ever holding it."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflater.compress(around[0]) + deflater.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers back, so that the same packed MiB can stand there many times.
    block = deflater.compress(filler * (MIB // len(filler))) + deflater.flush(zlib.Z_FULL_FLUSH)
    packed += block * mebibytes + deflater.compress(around[1]) + deflater.flush()
    checksum, size = 0, len(around[0]) + len(around[1]) + mebibytes * MIB
    return with_packed_part(files.xlsx_parts('<row r="1"><c r="A1"><v>1</v></c></row>'), name, packed, checksum, size)


def with_packed_part(
    parts: dict[str, str | bytes], name: str, packed: bytes, checksum: int, stated_size: int, *, method: int = 8
) -> bytes:
    """An archive with one more part, whose headers say what they are told to say."""
    base = files.zipped({key: value for key, value in parts.items() if key != name})
    end = base.rfind(b"PK\x05\x06")
    count, directory_size, directory_start = struct.unpack_from("<HII", base, end + 10)
    encoded = name.encode()
    common = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0x21, checksum, len(packed), stated_size, len(encoded), 0)
    local = b"PK\x03\x04" + common + encoded + packed
    central = (
        b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, directory_start) + encoded
    )
    directory = base[directory_start : directory_start + directory_size] + central
    start = directory_start + len(local)
    record = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count + 1, count + 1, len(directory), start, 0)
    return base[:directory_start] + local + directory + record


def two_gibibyte_cell() -> bytes:
    start = b'<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'
    return huge_part("xl/worksheets/sheet1.xml", (start, b"</t></is></c></row></sheetData></worksheet>"), b"a", 2_048)


def sixty_million_shared_strings() -> bytes:
    return huge_part("xl/sharedStrings.xml", (b"<sst>", b"</sst>"), b"<si><t/></si>   ", 60 * 16)


def lying_size() -> bytes:
    """A part of 20 MiB whose headers say one byte."""
    packed = zlib.compress(b"\0" * (20 * MIB), 9)[2:-4]
    return with_packed_part(files.xlsx_parts(""), "xl/styles.xml", packed, 0, 1)


def shared_text_a_million_times() -> bytes:
    """One text of 30,000 characters in 300,000 cells: 9 GB once it is written out."""
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 300_001))
    return files.raw_xlsx(rows, strings=f"<si><t>{'a@' * 15_000}</t></si>")


def many_parts() -> bytes:
    return files.zipped(files.xlsx_parts("") | {f"xl/media/{number}.bin": b"" for number in range(1_001)})


def overlapping_parts() -> bytes:
    """Two entries of the directory that point to the same packed bytes."""
    packed = zlib.compress(b"a" * MIB, 9)[2:-4]
    content = with_packed_part(files.xlsx_parts(""), "xl/a.bin", packed, zlib.crc32(b"a" * MIB), MIB)
    end = content.rfind(b"PK\x05\x06")
    entry_start = content.rfind(b"PK\x01\x02")
    entry = content[entry_start:end].replace(b"xl/a.bin", b"xl/b.bin")
    count, size, start = struct.unpack_from("<HII", content, end + 10)
    record = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count + 1, count + 1, size + len(entry), start, 0)
    return content[:end] + entry + record


def part_within_a_part() -> bytes:
    """A part whose packed bytes are another part, with a header of its own that agrees with the directory."""
    inner = b"<b/>"
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0x21, zlib.crc32(inner), len(inner), len(inner), 8, 0)
    outer = b"PK\x03\x04" + fields + b"xl/b.xml" + inner
    content = with_packed_part(files.xlsx_parts(""), "xl/a.bin", outer, zlib.crc32(outer), len(outer), method=0)
    end = content.rfind(b"PK\x05\x06")
    count, _, start = struct.unpack_from("<HII", content, end + 10)
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, content.find(outer))
    directory = content[start:end] + entry + b"xl/b.xml"
    record = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count + 1, count + 1, len(directory), start, 0)
    return content[:start] + directory + record


def two_directories() -> bytes:
    """Two lists of parts, one behind the other, each right by itself."""
    content = files.raw_xlsx('<row r="1"><c r="A1" t="str"><v>a@example.com</v></c></row>')
    end = content.rfind(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HII", content, end + 10)
    second = content[start:end] + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, size, len(content), 0)
    return content[:-2] + struct.pack("<H", len(second)) + second


def doubled_name() -> bytes:
    parts = files.xlsx_parts("") | {"xl/A.xml": "<a/>"}
    return with_packed_part(parts, "xl/a.xml", b"<b/>", zlib.crc32(b"<b/>"), 4, method=0)


def second_directory_in_the_comment() -> bytes:
    inner = files.raw_xlsx('<row r="1"><c r="A1"><v>2</v></c></row>')
    outer = files.raw_xlsx('<row r="1"><c r="A1"><v>1</v></c></row>')
    return outer[:-2] + struct.pack("<H", len(inner)) + inner


def archive_behind_a_false_beginning() -> bytes:
    return b"PK\x03\x04" + b"x" * 100 + files.raw_xlsx("")[:-40]


def entity_bomb() -> bytes:
    parts = files.xlsx_parts("")
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    parts["xl/sharedStrings.xml"] = f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY e0 "lol">{entities}]><sst>&e9;</sst>'
    return files.zipped(parts)


def external_entity_in_ods() -> bytes:
    content = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/hostname">]><d>&e;</d>'
    return files.zipped({"mimetype": files.ODS_TYPE, "content.xml": content}, stored=["mimetype"])


def document_type_in_utf_16() -> bytes:
    parts = files.xlsx_parts("")
    parts["xl/worksheets/sheet1.xml"] = "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE d><d/>".encode("utf-16")
    return files.zipped(parts)


def repeated_in_ods(rows: int, columns: int) -> bytes:
    return files.raw_ods(
        f"<table:table table:name='S'><table:table-row table:number-rows-repeated='{rows}'>"
        f"<table:table-cell table:number-columns-repeated='{columns}'><text:p>a@example.com</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )


def wide_page() -> bytes:
    return b"<table><tr>" + b"<td colspan=1000>x</td>" * 17


def xml_2003(rows: str) -> bytes:
    name = "urn:schemas-microsoft-com:office:spreadsheet"
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{name}" xmlns:ss="{name}"><Worksheet ss:Name="S"><Table>{rows}'
        "</Table></Worksheet></Workbook>"
    ).encode()


def entity_bomb_in_xml() -> bytes:
    return xml_2003("").replace(b"<Workbook", b'<!DOCTYPE w [<!ENTITY e "x">]><Workbook')


def deep_xml() -> bytes:
    parts = files.xlsx_parts("")
    parts["xl/worksheets/sheet1.xml"] = "<worksheet>" + "".join(f"<a{n % 97}>" for n in range(1_000_000))
    return files.zipped(parts)


def xls_with_corner_cells() -> bytes:
    return files.xls([["a@example.com"], *[[]] * 65_534, [""] * 255 + ["b@example.com"]])


def xls_in_a_loop() -> bytes:
    """A file system whose sector table refers to itself."""
    content = bytearray(files.xls([[f"user{n}@example.com"] for n in range(2_000)]))
    first_table_sector = struct.unpack_from("<I", content, 76)[0]
    table = 512 + first_table_sector * 512
    for sector in range(20):
        struct.pack_into("<I", content, table + sector * 4, sector)
    return bytes(content)


def noise() -> bytes:
    """Lines of bytes that no encoding can make sense of."""
    rng = random.Random(1)
    return b"\n".join(bytes(rng.randrange(128, 256) for _ in range(60)) for _ in range(50))


def encrypted_workbook() -> bytes:
    """What Office writes for a workbook with a password: a file system with the encrypted package in it."""
    encrypted = io.BytesIO()
    OOXMLFile(io.BytesIO(files.xlsx([["x"]]))).encrypt("a real password", encrypted)
    return encrypted.getvalue()


def encrypted_xls() -> bytes:
    """A workbook stream that begins as an encrypted one does: BOF, then FilePass."""
    content = bytearray(files.xls([["x"]]))
    start = content.find(b"\x09\x08\x10\x00")
    after = start + 4 + 16
    struct.pack_into("<HH", content, after, 0x2F, 54)
    return bytes(content)


def encrypted_ods() -> bytes:
    return files.raw_ods("", manifest="<manifest:manifest><manifest:encryption-data/></manifest:manifest>")


DAMAGED, MEMORY, SLOW = Refusal.DAMAGED, Refusal.TOO_MUCH_MEMORY, Refusal.TOO_SLOW
CELLS, UNPACKED = Refusal.TOO_MANY_CELLS, Refusal.UNPACKED_TOO_LARGE

ATTACKS: dict[str, Attack] = {
    "corner cells": ("a.xlsx", corner_cells, {CELLS}),
    "corner cells, spelt otherwise": ("a.xlsx", lambda: corner_cells("<c  r = '{0}'><v>1</v></c>"), {CELLS}),
    "corner cells, attributes turned": ("a.xlsx", lambda: corner_cells('<c s="0" r="{0}"><v>1</v></c>'), {CELLS}),
    "corner cells, prefixed": ("a.xlsx", prefixed_corner_cells, {CELLS}),
    "corner cells behind a comment": ("a.xlsx", corner_cells_behind_a_comment, {CELLS, MEMORY}),
    "corner cells in xlsb": ("a.xlsb", corner_cells_in_xlsb, {CELLS}),
    "corner cells in xls": ("a.xls", xls_with_corner_cells, {MEMORY, CELLS}),
    "row beyond the last": (
        "a.xlsx",
        lambda: files.raw_xlsx('<row><c r="A9999999"><v>1</v></c></row>'),
        {Refusal.TOO_MANY_ROWS},
    ),
    "column beyond the last": (
        "a.xlsx",
        lambda: files.raw_xlsx('<row><c r="ZZZ1"><v>1</v></c></row>'),
        {Refusal.TOO_MANY_COLUMNS},
    ),
    "two gibibytes in a cell": ("a.xlsx", two_gibibyte_cell, {UNPACKED}),
    "sixty million shared strings": ("a.xlsx", sixty_million_shared_strings, {UNPACKED, CELLS}),
    "one text a million times": ("a.xlsx", shared_text_a_million_times, {MEMORY, UNPACKED}),
    "a size that lies": ("a.xlsx", lying_size, {UNPACKED}),
    "a thousand and one parts": ("a.xlsx", many_parts, {Refusal.TOO_MANY_PARTS}),
    "parts that overlap": ("a.xlsx", overlapping_parts, {DAMAGED}),
    "a part within a part": ("a.xlsx", part_within_a_part, {DAMAGED}),
    "two directories": ("a.xlsx", two_directories, {DAMAGED}),
    "two parts of one name": ("a.xlsx", doubled_name, {DAMAGED}),
    "a second directory in the comment": ("a.xlsx", second_directory_in_the_comment, {DAMAGED}),
    "half an archive behind a false beginning": ("a.xlsx", archive_behind_a_false_beginning, {DAMAGED}),
    "an entity bomb": ("a.xlsx", entity_bomb, {Refusal.UNSAFE_XML}),
    "an external entity in ods": ("a.ods", external_entity_in_ods, {Refusal.UNSAFE_XML}),
    "a document type in UTF-16": ("a.xlsx", document_type_in_utf_16, {Refusal.UNSAFE_XML}),
    "a million elements deep": ("a.xlsx", deep_xml, {DAMAGED, CELLS, MEMORY, UNPACKED}),
    "rows repeated in ods": ("a.ods", lambda: repeated_in_ods(2**31, 1), {Refusal.TOO_MANY_ROWS}),
    "columns repeated in ods": ("a.ods", lambda: repeated_in_ods(1, 10**9), {Refusal.TOO_MANY_COLUMNS}),
    "an area repeated in ods": ("a.ods", lambda: repeated_in_ods(1_000_000, 16_384), {CELLS}),
    "an xls in a loop": ("a.xls", xls_in_a_loop, {DAMAGED, MEMORY, SLOW, Refusal.EMPTY}),
    "an encrypted workbook": ("a.xlsx", encrypted_workbook, {Refusal.ENCRYPTED}),
    "an encrypted xls": ("a.xls", encrypted_xls, {Refusal.ENCRYPTED}),
    "an encrypted ods": ("a.ods", encrypted_ods, {Refusal.ENCRYPTED}),
    "half a workbook": ("a.xlsx", lambda: files.xlsx([["a@example.com"]])[:-100], {DAMAGED}),
    "half an xls": ("a.xls", lambda: files.xls([["a@example.com"]] * 500)[:3_000], {DAMAGED}),
    "noise named as a text": ("a.csv", noise, {Refusal.UNKNOWN_ENCODING}),
    "nothing": ("a.csv", bytes, {Refusal.EMPTY}),
    "blank lines": ("a.csv", lambda: b"\r\n \r\n" * 10, {Refusal.EMPTY}),
    "a byte too many": ("a.csv", lambda: b"a" * (10 * MIB + 1), {Refusal.TOO_LARGE}),
    "a picture named as a workbook": ("a.xlsx", lambda: b"\x89PNG\r\n\x1a\n", {Refusal.WRONG_KIND}),
    "a web page without a table": ("a.xls", lambda: b"<html><body>a@example.com", {Refusal.WRONG_KIND}),
    "a table that is a million deep": (
        "a.xls",
        lambda: b"<table><tr><td>" * 600_000,
        {DAMAGED, MEMORY, SLOW, Refusal.EMPTY, Refusal.WRONG_KIND},
    ),
    "a page of a million columns": ("a.xls", wide_page, {Refusal.TOO_MANY_COLUMNS}),
    "an entity bomb in XML 2003": ("a.xls", entity_bomb_in_xml, {Refusal.UNSAFE_XML}),
    "rows skipped in XML 2003": (
        "a.xls",
        lambda: xml_2003('<Row ss:Index="999999999"><Cell><Data>x</Data></Cell></Row>'),
        {Refusal.TOO_MANY_ROWS},
    ),
    "columns skipped in XML 2003": (
        "a.xls",
        lambda: xml_2003('<Row><Cell ss:Index="999999999"><Data>x</Data></Cell></Row>'),
        {Refusal.TOO_MANY_COLUMNS},
    ),
    "an area in SYLK": (
        "a.xls",
        lambda: b"ID;P\n" + b"".join(b"C;X16384;Y%d;K1\n" % n for n in range(1, 5000)),
        {CELLS},
    ),
    "rows skipped in SYLK": ("a.xls", lambda: b"ID;P\nC;X1;Y9999999;K1\n", {Refusal.TOO_MANY_ROWS}),
    "a sealed file": ("a.xlsx", lambda: b"<DOCUMENT SAFER V3.0>\x01\x02" + noise(), {Refusal.ENCRYPTED}),
    "a document named as a workbook": (
        "a.xlsx",
        lambda: files.zipped({"word/document.xml": "<w/>"}),
        {Refusal.WRONG_KIND},
    ),
    "an unknown extension": ("a.exe", lambda: b"MZ", {Refusal.UNKNOWN_KIND}),
}
