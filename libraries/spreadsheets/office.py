"""A workbook of an Office package, surveyed sheet by sheet and handed to the parser in an archive of its own parts."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from libraries.spreadsheets import binary, careful, grid, limits
from libraries.spreadsheets.archive import Archive, Part
from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.package import Package
from libraries.spreadsheets.repacking import Deflated, Repacked
from libraries.spreadsheets.xml_text import as_utf_8, is_utf_8

_SHARED_STRING: Final = re.compile(rb"<(?:[A-Za-z0-9_.-]+:)?si[\s/>]")
_LONGEST_TOKEN: Final = 64
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_EMPTY_SHEET: Final = f'<worksheet xmlns="{_MAIN}"><sheetData/></worksheet>'.encode()


@dataclass(frozen=True, slots=True)
class Taken:
    """A part of the archive that is handed on as it is, with what unpacking it showed."""

    part: Part
    checksum: int
    size: int


@dataclass
class OfficeSheet:
    """A sheet that was judged. `fault` is raised when it is opened; then the others can still be read."""

    name: str
    hidden: bool
    content: Taken | Deflated | bytes | None = None
    survey: grid.Survey | None = None
    fault: RefusedFileError | None = None
    part: Part | None = None


class OfficeWorkbook:
    """A judged workbook. Raises RefusedFileError from here, from `packed` and from `packed_carefully`."""

    def __init__(self, archive: Archive, package: Package) -> None:
        self._archive = archive
        self._package = package
        self._strings: Taken | Deflated | None = None
        self._string_count = 0
        self._styles = self._xml(package.styles) if package.styles else None
        if package.strings:
            self._strings = self._xml(package.strings, count_strings=True)
        self.sheets = [
            self._judged(OfficeSheet(sheet.name, sheet.hidden, part=sheet.part))
            for sheet in package.sheets[: limits.LAYOUT_SHEETS]
        ]

    @property
    def is_binary(self) -> bool:
        return self._package.is_binary

    def packed(self) -> bytes:
        """All sheets, in their order, for the parser."""
        return self._pack([sheet.content for sheet in self.sheets])

    def packed_carefully(self, number: int) -> bytes | None:
        """One sheet alone, written again with only what the parser knows; None where that was done already."""
        sheet = self.sheets[number]
        if self.is_binary or not isinstance(sheet.content, Taken) or sheet.part is None:
            return None
        self._survey_carefully(sheet, sheet.part)
        return self._pack([sheet.content])

    def _judged(self, sheet: OfficeSheet) -> OfficeSheet:
        if sheet.part is None:
            return sheet
        try:
            if self.is_binary:
                self._survey_binary(sheet, sheet.part)
            else:
                self._survey_xml(sheet, sheet.part)
        except RefusedFileError as fault:
            sheet.fault, sheet.content = fault, None
        return sheet

    def _survey_binary(self, sheet: OfficeSheet, part: Part) -> None:
        content = b"".join(self._archive.chunks(part))
        sheet.survey, rewritten = binary.survey(content)
        sheet.content = rewritten or Taken(part, zlib.crc32(content), len(content))

    def _survey_xml(self, sheet: OfficeSheet, part: Part) -> None:
        chunks = self._archive.chunks(part)
        first = next(chunks, b"")
        before = self._archive.unpacked_bytes - len(first)
        if is_utf_8(first):
            self._archive.unpacked_bytes = before
            tally = _Tally()
            sheet.survey = grid.survey(tally.counted(as_utf_8(self._archive.chunks(part))))
            sheet.content = Taken(part, tally.checksum, tally.size)
        if sheet.survey is None:
            self._archive.unpacked_bytes = before
            self._survey_carefully(sheet, part)

    def _survey_carefully(self, sheet: OfficeSheet, part: Part) -> None:
        sheet.survey, sheet.content = careful.survey(as_utf_8(self._archive.chunks(part)), self._string_count)

    def _xml(self, part: Part, *, count_strings: bool = False) -> Taken | Deflated:
        """A part that is only checked, and written again where it is not in UTF-8."""
        tally = _Tally()
        if self.is_binary:
            for _ in tally.counted(self._archive.chunks(part)):
                pass
            return Taken(part, tally.checksum, tally.size)
        chunks = self._archive.chunks(part)
        first = next(chunks, b"")
        again = None if is_utf_8(first) else Deflated()
        self._archive.unpacked_bytes -= len(first)
        for chunk in tally.counted(as_utf_8(self._archive.chunks(part)), strings=count_strings):
            if again:
                again.write(chunk)
        self._string_count = max(self._string_count, tally.strings)
        return again or Taken(part, tally.checksum, tally.size)

    def _pack(self, contents: list[Taken | Deflated | bytes | None]) -> bytes:
        kind = "bin" if self.is_binary else "xml"
        packed = Repacked()
        for number, content in enumerate(contents, start=1):
            self._put(packed, f"xl/worksheets/sheet{number}.{kind}", content or self._empty_sheet())
        related = [("worksheet", f"worksheets/sheet{number}.{kind}") for number in range(1, len(contents) + 1)]
        for name, content in (("sharedStrings", self._strings), ("styles", self._styles)):
            if content:
                self._put(packed, f"xl/{name}.{kind}", content)
                related.append((name, f"{name}.{kind}"))
        packed.write(f"xl/workbook.{kind}", self._workbook(len(contents)))
        packed.write(f"xl/_rels/workbook.{kind}.rels", _relations(related))
        packed.write("_rels/.rels", _relations([("officeDocument", f"xl/workbook.{kind}")]))
        packed.write("[Content_Types].xml", _content_types(is_binary=self.is_binary))
        return packed.finish()

    def _put(self, packed: Repacked, name: str, content: Taken | Deflated | bytes) -> None:
        if isinstance(content, Taken):
            packed.take(name, self._archive, content.part, content.checksum, content.size)
        elif isinstance(content, Deflated):
            packed.deflated(name, content)
        else:
            packed.write(name, content)

    def _empty_sheet(self) -> bytes:
        return binary.empty_sheet() if self.is_binary else _EMPTY_SHEET

    def _workbook(self, sheets: int) -> bytes:
        if self.is_binary:
            return binary.workbook(sheets, from_1904=self._package.from_1904)
        listed = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, sheets + 1))
        properties = '<workbookPr date1904="1"/>' if self._package.from_1904 else ""
        return (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{properties}<sheets>{listed}</sheets></workbook>'
        ).encode()


class _Tally:
    """Checksum, size and shared strings of a part, counted while it passes."""

    def __init__(self) -> None:
        self.checksum = self.size = self.strings = 0

    def counted(self, chunks: Iterator[bytes], *, strings: bool = False) -> Iterator[bytes]:
        end = b""
        for chunk in chunks:
            self.checksum = zlib.crc32(chunk, self.checksum)
            self.size += len(chunk)
            if strings:
                self._count_strings(chunk, end)
                end = chunk[-_LONGEST_TOKEN:]
            yield chunk

    def _count_strings(self, chunk: bytes, end: bytes) -> None:
        self.strings += len(_SHARED_STRING.findall(end + chunk)) - len(_SHARED_STRING.findall(end))
        if self.strings > limits.WORKBOOK_SHARED_STRINGS:
            raise RefusedFileError(Refusal.TOO_MANY_CELLS, limit=limits.WORKBOOK_SHARED_STRINGS)


def _relations(related: list[tuple[str, str]]) -> bytes:
    listed = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(related, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'.encode()


def _content_types(*, is_binary: bool) -> bytes:
    main = (
        "application/vnd.ms-excel.sheet.binary.macroEnabled.main"
        if is_binary
        else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    )
    name = "xl/workbook.bin" if is_binary else "xl/workbook.xml"
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Override PartName="/{name}" ContentType="{main}"/></Types>'
    ).encode()
