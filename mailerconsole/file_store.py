"""Where files are kept: the data folder, or a bucket of an S3-compatible store."""

import os
from typing import Any, Final

from mailerconsole.secret_files import env_secret

# Files are handed on to the browser through a temporary file on disk once they are larger than this.
_MEMORY_BYTES: Final = 1024 * 1024

# A job waits for a store that hangs; the thread of a web server has others to answer.
_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 60
_ATTEMPTS: Final = 4
_CLICK_CONNECT_SECONDS: Final = 2
_CLICK_READ_SECONDS: Final = 4
_CLICK_ATTEMPTS: Final = 2


def default_store() -> dict[str, Any]:
    """The entry `default` of Django's STORAGES, from the environment."""
    bucket = os.environ.get("S3_BUCKET", "")
    if not bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    # Loaded only where it is used: it takes a second.
    from boto3.s3.transfer import TransferConfig  # type: ignore[import-untyped]
    from botocore.config import Config

    # Set by mailerconsole.gunicorn_settings.
    serves_clicks = bool(os.environ.get("SERVES_CLICKS"))
    endpoint = os.environ.get("S3_ENDPOINT_URL") or None
    config = Config(
        signature_version="s3v4",
        # Most stores have no certificate for names that begin with a bucket.
        s3={"addressing_style": "path" if endpoint else "auto"},
        # What newer clients add by themselves, many compatible stores refuse.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=_CLICK_CONNECT_SECONDS if serves_clicks else _CONNECT_SECONDS,
        read_timeout=_CLICK_READ_SECONDS if serves_clicks else _READ_SECONDS,
        retries={"total_max_attempts": _CLICK_ATTEMPTS if serves_clicks else _ATTEMPTS, "mode": "standard"},
    )
    options = {
        "bucket_name": bucket,
        "endpoint_url": endpoint,
        "region_name": os.environ.get("S3_REGION") or None,
        "access_key": env_secret("S3_ACCESS_KEY") or None,
        "secret_key": env_secret("S3_SECRET_KEY") or None,
        "location": os.environ.get("S3_PREFIX", ""),
        "client_config": config,
        "max_memory_size": _MEMORY_BYTES,
        "fails_fast": serves_clicks,
    }
    if serves_clicks:
        options["transfer_config"] = TransferConfig(num_download_attempts=1)
    return {"BACKEND": "mailerconsole.s3_store.S3Store", "OPTIONS": options}
