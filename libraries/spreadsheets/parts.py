"""Which part of an xlsx archive holds which sheet."""

import posixpath
from typing import Final

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from libraries.spreadsheets.archive import Archive
from libraries.spreadsheets.errors import Refusal, RefusedFileError

_RELATION_ID: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION_ID: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


def sheet_parts(archive: Archive) -> dict[str, str]:
    """The part of each sheet by the sheet's name. Raises RefusedFileError(DAMAGED)."""
    try:
        workbook = _workbook_part(archive)
        targets = _targets(archive, workbook)
        return {
            element.attrib["name"]: targets.get(
                element.attrib.get(_RELATION_ID) or element.attrib.get(_STRICT_RELATION_ID, ""), ""
            )
            for element in fromstring(archive.read(workbook)).iter()
            if element.tag.endswith("}sheet")
        }
    except (KeyError, ParseError, DefusedXmlException):
        raise RefusedFileError(Refusal.DAMAGED) from None


def _workbook_part(archive: Archive) -> str:
    for element in fromstring(archive.read("_rels/.rels")):
        if element.attrib.get("Type", "").endswith("/officeDocument"):
            return str(element.attrib["Target"]).lstrip("/")
    return "xl/workbook.xml"


def _targets(archive: Archive, part: str) -> dict[str, str]:
    """The parts that a part refers to, by the identifier of the relation."""
    folder, name = posixpath.split(part)
    relations = fromstring(archive.read(f"{folder}/_rels/{name}.rels"))
    return {
        element.attrib["Id"]: posixpath.normpath(posixpath.join("/", folder, element.attrib["Target"])).lstrip("/")
        for element in relations
    }
