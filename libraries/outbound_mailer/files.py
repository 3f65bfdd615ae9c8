"""The file operations: attachments, uploaded before the mail request (fact sheet section 6.2)."""

from collections.abc import Sequence

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.errors import InvalidRequestError
from libraries.outbound_mailer.transport import Transport, UploadedFile
from libraries.outbound_mailer.types import UploadedFiles
from libraries.outbound_mailer.validation import check_count, check_given, check_id, size_of


class FileOperations:
    """An upload that no mail names is deleted after 24 hours [D]."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, files: Sequence[UploadedFile]) -> UploadedFiles:
        """createFile: uploads (name, content) pairs; at most 10 MB a file, 20 MB in one mail [D]."""
        check_count("fileList", size_of("fileList", files), minimum=1)
        for index, file in enumerate(files):
            where = f"fileList[{index}]"
            if size_of(where, file) != 2 or not isinstance(file[1], bytes):
                raise InvalidRequestError(where, "Must be a pair of a name and the bytes of the content")
            check_given(f"{where}.name", file[0])
            check_count(f"{where} (bytes)", len(file[1]), maximum=limits.ATTACHMENT_BYTES)
        return self._transport.call(UploadedFiles, "POST", "files", files=files)

    def get(self, temp_request_id: str) -> UploadedFiles:
        """getFile: what an upload holds; names and sizes, not the content [D]."""
        return self._call("GET", temp_request_id)

    def delete(self, temp_request_id: str) -> UploadedFiles:
        """deleteFile: removes an upload and says what it held [D]."""
        return self._call("DELETE", temp_request_id)

    def _call(self, method: str, temp_request_id: str) -> UploadedFiles:
        upload = check_id("tempRequestId", temp_request_id)
        return self._transport.call(UploadedFiles, method, "files", upload)
