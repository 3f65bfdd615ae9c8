"""The simulated file operations (section 10, behaviour 23). Names and sizes are kept, contents are not."""

from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from uuid import uuid4

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.simulator.call import MULTIPART_BODY, Call, Route
from libraries.outbound_mailer.simulator.replies import Reply, bad_request, json_reply, not_found

KIND = "upload"


def create(call: Call) -> Reply:
    head = f"Content-Type: {call.content_type}\r\n\r\n".encode()
    message: Message = BytesParser(policy=HTTP).parsebytes(head + call.body)
    files = [_file(part) for part in message.walk() if _field_name(part) == "fileList"]
    if not files:
        raise bad_request("fileList")
    upload = str(uuid4())
    call.database.add(KIND, call.place, {"files": files, "at": call.now}, key=upload)
    return json_reply(201, {"tempRequestId": upload, "files": files})


def get(call: Call) -> Reply:
    upload = call.ids["temp_request_id"]
    return json_reply(200, {"tempRequestId": upload, "files": _stored(call, upload)["files"]})


def delete(call: Call) -> Reply:
    reply = get(call)
    call.database.remove(KIND, call.place, call.ids["temp_request_id"])
    return reply


def attached_files(call: Call, mail: dict[str, Any]) -> list[dict[str, Any]]:
    """The uploaded files that a mail request names in `attachFileIds`."""
    wanted = mail.get("attachFileIds") or []
    if not wanted:
        return []
    uploads = [upload for _, upload in call.database.documents(KIND, call.place) if _is_kept(call, upload)]
    uploaded = {file["fileId"]: file for upload in uploads for file in upload["files"]}
    if not all(file_id in uploaded for file_id in wanted):
        raise not_found("attachFileIds")
    files = [uploaded[file_id] for file_id in wanted]
    if sum(file["fileSize"] for file in files) > limits.ATTACHMENTS_PER_MAIL_BYTES:
        raise bad_request("attachFileIds")
    return files


def _stored(call: Call, upload: str) -> dict[str, Any]:
    stored = call.database.document(KIND, call.place, upload)
    if stored is None or not _is_kept(call, stored):
        raise not_found("tempRequestId")
    return stored


def _is_kept(call: Call, upload: dict[str, Any]) -> bool:
    return bool(call.now < upload.get("at", 0) + limits.UPLOAD_SECONDS)


def _field_name(part: Message) -> object:
    return part.get_param("name", header="content-disposition")


def _file(part: Message) -> dict[str, Any]:
    content = part.get_payload(decode=True)
    size = len(content) if isinstance(content, bytes) else 0
    if size > limits.ATTACHMENT_BYTES:
        raise bad_request("fileList")
    name = part.get_filename() or ""
    if "\x00" in name:
        raise bad_request("fileList")
    return {"fileName": name, "fileSize": size, "fileId": str(uuid4())}


ROUTES = (
    Route("POST", "files", "createFile", create, MULTIPART_BODY),
    Route("GET", "files/{temp_request_id}", "getFile", get),
    Route("DELETE", "files/{temp_request_id}", "deleteFile", delete),
)
