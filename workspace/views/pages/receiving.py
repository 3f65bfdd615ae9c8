"""How files come in: streamed to disk, and no further than the limit. The setting FILE_UPLOAD_HANDLERS names it."""

from typing import Any

from django.core.files.uploadhandler import SkipFile, StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest

from libraries.spreadsheets import limits as spreadsheet_limits
from workspace import limits
from workspace.views.pages.body_limits import may_bring_files


class LimitedFileUploadHandler(TemporaryFileUploadHandler):
    """Writes a file to FILE_UPLOAD_TEMP_DIR as it arrives; one that is too large is dropped on the way.

    The rest of its form is read all the same, so that the answer can say what was wrong; `was_too_large` tells. A body
    that is out of all proportion is cut off.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803 - Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        self._body_bytes = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        if self._body_bytes > limits.REQUEST_BODY_BYTES:
            raise StopUpload(connection_reset=True)
        if self.request is None or not may_bring_files(self.request):
            raise SkipFile  # nothing is written for a sender who is not known to the book
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > spreadsheet_limits.UPLOAD_FILE_BYTES:
            self.upload_interrupted()
            if self.request is not None:
                self.request.file_was_too_large = True  # type: ignore[attr-defined]
            raise SkipFile
        super().receive_data_chunk(raw_data, start)


def was_too_large(request: HttpRequest) -> bool:
    """Whether a file of this request was dropped for its size. To be asked after the form was read."""
    return getattr(request, "file_was_too_large", False)
