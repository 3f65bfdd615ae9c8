"""OLE2 files: the workbook stream of an .xls, and workbooks that Office encrypted with the key that is no secret."""

import io
from dataclasses import dataclass
from typing import Any, Final

from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.kinds import has_password

# Excel opens a workbook with this password without asking; files that are only write-protected have it.
_NO_SECRET: Final = "VelvetSweatshop"  # noqa: S105 - it protects nothing
_PACKAGE: Final = "encryptedpackage"
_STREAMS: Final = ("workbook", "book")


@dataclass(frozen=True, slots=True)
class Compound:
    """What an OLE2 file holds. `package` is a decrypted Office package; else there is the stream of an .xls.

    `is_single` says that there is no second stream by such a name, as of an embedded workbook: a parser that looks for
    the name alone can be given the whole file.
    """

    stream: bytes = b""
    package: bytes = b""
    is_single: bool = False
    content: bytes = b""


def read_compound(content: bytes) -> Compound:
    """Raises RefusedFileError: ENCRYPTED, DAMAGED, or WRONG_KIND for a document of another program."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as file:
            names = ["/".join(path) for path in file.listdir(streams=True, storages=False)]
            at_root = {name.lower(): name for name in names if "/" not in name}
            if _PACKAGE in at_root:
                return Compound(package=_decrypted(content))
            if any("drm" in name.lower() for name in names):
                raise RefusedFileError(Refusal.ENCRYPTED, drm="Microsoft")
            found = next((at_root[name] for name in _STREAMS if name in at_root), None)
            if found is None:
                what = "document" if names else "ole2"
                raise RefusedFileError(Refusal.WRONG_KIND if names else Refusal.DAMAGED, named="xls", content=what)
            stream = file.openstream(found).read()
            alike = [name for name in names if name.rpartition("/")[2].lower() in _STREAMS]
    except RefusedFileError:
        raise
    except Exception:
        raise RefusedFileError(Refusal.DAMAGED) from None
    if has_password(stream):
        return read_compound(_decrypted(content))
    return Compound(stream=stream, is_single=len(alike) == 1, content=content)


def _decrypted(content: bytes) -> bytes:
    """The workbook inside. Raises RefusedFileError(ENCRYPTED) where it takes a real password."""
    import msoffcrypto

    decrypted = io.BytesIO()
    try:
        file: Any = msoffcrypto.OfficeFile(io.BytesIO(content))
        if file.format == "ooxml":
            file.load_key(password=_NO_SECRET, verify_password=True)
        else:
            file.load_key(password=_NO_SECRET)
        file.decrypt(decrypted)
    except Exception:
        raise RefusedFileError(Refusal.ENCRYPTED) from None
    result = decrypted.getvalue()
    if not result or result == content:
        raise RefusedFileError(Refusal.ENCRYPTED)
    return result
