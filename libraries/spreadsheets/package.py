"""An Office package (.xlsx, .xlsb): which of its parts are read, found as a spreadsheet program finds them.

Everything follows from relations: of the package to its workbook, of the workbook to sheets and texts. Names of parts
and content types are not relied on, for programs differ in them; what the workbook part holds decides its kind.
"""

import posixpath
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from libraries.spreadsheets import binary
from libraries.spreadsheets.archive import Archive, Part
from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.xml_text import as_utf_8

_RELATIONS: Final = "_rels/.rels"
_CONTENT_TYPES: Final = "[Content_Types].xml"
_FINDER: Final = "__macosx/"
_USUAL_WORKBOOKS: Final = ("xl/workbook.xml", "xl/workbook.bin")
# A workbook part with a hundred thousand names is less.
_SMALL_PART_BYTES: Final = 16 * 1024 * 1024
_NO_SHEET_OF_CELLS: Final = ("/chartsheet", "/dialogsheet", "/xlMacrosheet", "/xlIntlMacrosheet")


@dataclass(frozen=True, slots=True)
class PackagedSheet:
    name: str
    hidden: bool
    part: Part | None


@dataclass
class Package:
    """The parts of a workbook that are read. `strings` and `styles` are None where there are none."""

    is_binary: bool
    from_1904: bool = False
    sheets: list[PackagedSheet] = field(default_factory=list)
    strings: Part | None = None
    styles: Part | None = None


def find_package(archive: Archive) -> Package | None:
    """The workbook of an archive, or None for an archive of anything else. Raises RefusedFileError.

    A folder around the whole package, as one gets by unpacking and packing again, is taken off the archive's names.
    """
    archive.strip_folder(_folder(archive))
    parts = _Parts(archive)
    workbook = parts.workbook()
    if workbook is None:
        return None
    try:
        return _package(parts, workbook)
    except (KeyError, ParseError, DefusedXmlException, struct.error, UnicodeDecodeError):
        raise RefusedFileError(Refusal.DAMAGED) from None


def _folder(archive: Archive) -> str:
    names = [name for name in archive.parts if not name.lower().startswith(_FINDER)]
    for mark in (_CONTENT_TYPES, _RELATIONS, "content.xml"):
        if mark in archive.parts:
            return ""
        inside = [name for name in names if name.endswith("/" + mark)]
        if len(inside) == 1:
            folder = inside[0].removesuffix(mark)
            # A package inside a package is an embedded one, and not what was sent.
            return folder if all(name.startswith(folder) for name in names) else ""
    return ""


class _Parts:
    """The parts of an archive by name, in whatever case and with whatever escapes a relation spells it."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._by_name = {name.lower(): part for name, part in archive.parts.items()}

    def find(self, name: str) -> Part | None:
        name = name.replace("\\", "/").lstrip("/").lower()
        return self._by_name.get(name) or self._by_name.get(unquote(name))

    def workbook(self) -> Part | None:
        """The workbook part, or None where the main part is none."""
        targets = [relation.target for relation in self.relations("") if relation.kind.endswith("/officeDocument")]
        for name in (*targets, *_USUAL_WORKBOOKS):
            part = self.find(name)
            if part is not None:
                return part if _is_workbook(self, part) else None
        return None

    def relations(self, part_name: str) -> "list[_Relation]":
        folder, name = posixpath.split(part_name)
        part = self.find(posixpath.join(folder, "_rels", f"{name}.rels"))
        if part is None:
            return []
        try:
            return [
                _Relation(
                    element.attrib.get("Id", ""),
                    element.attrib.get("Type", ""),
                    posixpath.normpath(posixpath.join("/", folder, element.attrib["Target"].replace("\\", "/"))),
                )
                for element in fromstring(self.small_xml(part))
                if "Target" in element.attrib and element.attrib.get("TargetMode") != "External"
            ]
        except (ParseError, DefusedXmlException):
            raise RefusedFileError(Refusal.DAMAGED) from None

    def small_xml(self, part: Part) -> bytes:
        return b"".join(_limited(as_utf_8(self.archive.chunks(part))))

    def small(self, part: Part) -> bytes:
        return b"".join(_limited(self.archive.chunks(part)))


@dataclass(frozen=True, slots=True)
class _Relation:
    identifier: str
    kind: str
    target: str


def _limited(chunks: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > _SMALL_PART_BYTES:
            raise RefusedFileError(Refusal.UNPACKED_TOO_LARGE, limit=_SMALL_PART_BYTES)
        yield chunk


def _is_workbook(parts: _Parts, part: Part) -> bool:
    start = next(parts.archive.chunks(part), b"")
    if start.startswith(binary.BEGIN_WORKBOOK):
        return True
    try:
        return _local(fromstring(parts.small_xml(part)).tag) == "workbook"
    except (ParseError, DefusedXmlException):
        return False


def _package(parts: _Parts, workbook: Part) -> Package:
    relations = parts.relations(workbook.name)
    by_identifier = {relation.identifier: relation for relation in relations}
    content = parts.small(workbook)
    is_binary = content.startswith(binary.BEGIN_WORKBOOK)
    suffix = "bin" if is_binary else "xml"
    found = Package(is_binary)
    if is_binary:
        listed, found.from_1904 = binary.read_workbook(content)
    else:
        listed, found.from_1904 = _read_workbook(fromstring(parts.small_xml(workbook)))
    for name, hidden, identifier in listed:
        relation = by_identifier.get(identifier)
        if relation is None or not relation.kind.endswith(_NO_SHEET_OF_CELLS):
            found.sheets.append(PackagedSheet(name, hidden, parts.find(relation.target) if relation else None))
    for relation in relations:
        if relation.kind.endswith("/sharedStrings"):
            found.strings = parts.find(relation.target)
        elif relation.kind.endswith("/styles"):
            found.styles = parts.find(relation.target)
    found.strings = found.strings or parts.find(f"xl/sharedStrings.{suffix}")
    found.styles = found.styles or parts.find(f"xl/styles.{suffix}")
    return found


def _read_workbook(root: Element) -> tuple[list[tuple[str, bool, str]], bool]:
    """Name, hidden and relation of every sheet, and whether days count from 1904."""
    listed, from_1904 = [], False
    for element in root.iter():
        name = _local(element.tag)
        if name == "sheet":
            identifiers = [
                value for key, value in element.attrib.items() if key.startswith("{") and _local(key) == "id"
            ]
            hidden = element.attrib.get("state", "") in ("hidden", "veryHidden")
            listed.append((element.attrib.get("name", ""), hidden, identifiers[0] if identifiers else ""))
        elif name == "workbookPr":
            from_1904 = element.attrib.get("date1904") in ("1", "true", "on")
    return listed, from_1904


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
