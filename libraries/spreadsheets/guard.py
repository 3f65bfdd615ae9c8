"""The gate: what a file must be before a parser sees it. It runs in the child process, under the same limits.

Only what is read is judged. Of a package the parser gets a new one, made of the parts that were judged; what else is in
it, pictures, queries, settings of a printer, is not even unpacked. What the gate cannot see in a binary file is left to
the limits on the child's memory and time.
"""

from dataclasses import dataclass
from typing import Final

from libraries.spreadsheets import limits
from libraries.spreadsheets.archive import Archive
from libraries.spreadsheets.compound import Compound, read_compound
from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.kinds import OLE2, Kind, kind_of_content, kind_of_name
from libraries.spreadsheets.office import OfficeWorkbook
from libraries.spreadsheets.package import find_package

_ODS_TYPE: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_ENCRYPTED_ODS: Final = b"encryption-data"
_MANIFEST: Final = "META-INF/manifest.xml"


@dataclass
class Admitted:
    """A file that may be parsed: its content, or what was found in it."""

    kind: Kind
    content: bytes
    archive: Archive | None = None
    office: OfficeWorkbook | None = None
    compound: Compound | None = None


def admit(content: bytes, name: str, size: int | None = None) -> Admitted:
    """Judge a file by its content. Raises RefusedFileError, and nothing else.

    `size` is the file's, where no more of it has been read than shows that it is too large.
    """
    named = kind_of_name(name)
    size = len(content) if size is None else size
    if size > limits.UPLOAD_FILE_BYTES:
        raise RefusedFileError(Refusal.TOO_LARGE, bytes=size, limit=limits.UPLOAD_FILE_BYTES)
    if not content:
        raise RefusedFileError(Refusal.EMPTY)
    kind, start = kind_of_content(content, named)
    content = content[start:] if start else content
    if kind is None:
        return _admit_archive(content, named)
    if kind is not Kind.XLS:
        return Admitted(kind, content)
    if not content.startswith(OLE2):
        return Admitted(kind, content, compound=Compound(stream=content))
    compound = read_compound(content)
    if compound.package:
        return _admit_archive(compound.package, named)
    return Admitted(kind, content, compound=compound)


def _admit_archive(content: bytes, named: Kind) -> Admitted:
    archive = Archive(content)
    package = find_package(archive)
    if package:
        kind = Kind.XLSB if package.is_binary else Kind.XLSX
        office = OfficeWorkbook(archive, package)
        faults = [sheet.fault for sheet in office.sheets if sheet.fault]
        if faults and len(faults) == len(office.sheets):
            raise faults[0]
        return Admitted(kind, content, archive, office)
    if not _is_open_document(archive):
        raise RefusedFileError(Refusal.WRONG_KIND, named=named.value, content="archive")
    if _MANIFEST in archive.parts and _ENCRYPTED_ODS in archive.read(_MANIFEST):
        raise RefusedFileError(Refusal.ENCRYPTED)
    return Admitted(Kind.ODS, content, archive)


def _is_open_document(archive: Archive) -> bool:
    if "content.xml" not in archive.parts:
        if "mimetype" in archive.parts and archive.read("mimetype").strip().startswith(_ODS_TYPE):
            raise RefusedFileError(Refusal.DAMAGED)
        return False
    if "mimetype" in archive.parts:
        return archive.read("mimetype").strip().startswith(_ODS_TYPE)
    # A program that packs an .ods again often leaves the type out.
    return _MANIFEST in archive.parts and _ODS_TYPE in archive.read(_MANIFEST)
