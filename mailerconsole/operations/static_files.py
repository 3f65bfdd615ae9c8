"""The collected static files: brought up to date at every start; pages do without them where that was left out."""

import hashlib
import logging
from importlib.metadata import version
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

NOT_COLLECTED: Final = "The static files are not collected. Run manage.py prepare_console, then restart the web server."

logger = logging.getLogger(__name__)


class Storage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's; without a manifest a page names its files as they are, where Django would answer with 500.

    /readyz says `static: failed` then (`mailerconsole.operations.health`).
    """

    is_missed = False

    def stored_name(self, name: str) -> str:
        if self.hashed_files:
            return str(super().stored_name(name))
        if not self.is_missed:
            self.is_missed = True  # once a process: a page names ten files
            logger.error(NOT_COLLECTED)
        return name


def collect_if_changed() -> bool:
    """Bring STATIC_ROOT up to date; whether anything had to be done. It takes longer than all else at a start."""
    stamp = settings.STATIC_ROOT / ".collected"
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(wanted)
    return True


def _fingerprint() -> str:
    """Changes with any source file, and with what works on them.

    By content and not by times: the layers of an image may keep those less exactly than they were when it was built.
    """
    digest = hashlib.sha256(f"{settings.STATIC_ROOT} {version('whitenoise')} {version('django')}".encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=_path):
            with storage.open(path) as file:
                digest.update(f"{path} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()


def _path(found: tuple[str, Any]) -> str:
    return found[0]
