"""The file operations: attachments, uploaded before the mail request (fact sheet section 6.2)."""

from collections.abc import Sequence

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.transport import Transport, UploadedFile
from libraries.outbound_mailer.types import UploadedFiles
from libraries.outbound_mailer.validation import check_count, check_given, check_id


class FileOperations:
    """How long an upload that no mail names is kept is not documented."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, files: Sequence[UploadedFile]) -> UploadedFiles:
        """createFile: uploads (name, content) pairs; at most 10 MB a file, 20 MB in one mail [D]."""
        check_count("fileList", len(files), minimum=1)
        for index, (name, content) in enumerate(files):
            check_given(f"fileList[{index}].name", name)
            check_count(f"fileList[{index}] (bytes)", len(content), maximum=limits.ATTACHMENT_BYTES)
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
