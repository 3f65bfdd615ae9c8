"""What a call that failed means for the book: again later, not this entry, or not at all until a person acts."""

import logging
import random
from datetime import datetime, timedelta
from typing import Final

from addressbook import limits
from addressbook.models import BookSync, Pause
from libraries import outbound_mailer
from workspace.services.books import connection

logger = logging.getLogger(__name__)

# For an operator; the page shows it below its own sentence, as it does with what the service says.
_NOT_OUR_SIMULATOR: Final = (
    "The simulator refused the practice keys: it was started with another SIMULATOR_TOKEN than this process. "
    "Give every machine the same one."
)

Failure = outbound_mailer.MailerError | outbound_mailer.InvalidRequestError


def is_refusal(error: Failure) -> bool:
    """Whether the service would refuse the same request again, because of its contents.

    An error without a code is not believed: proxies on the way answer 400 too.
    """
    if isinstance(error, outbound_mailer.PermanentError):
        return error.code is not None or error.too_large
    return isinstance(error, outbound_mailer.InvalidRequestError)


def outcome_is_unknown(error: Failure) -> bool:
    """Whether a write may have been carried out all the same."""
    return isinstance(error, outbound_mailer.TemporaryError) and error.outcome_unknown


def note(sync: BookSync, error: Failure, now: datetime) -> None:
    """Pause the book, or say when to try again. Not for refusals."""
    sync.problem = sentence(error)
    if isinstance(error, outbound_mailer.ConfigurationError):
        if error.problem == Pause.KEYS_REFUSED and connection.is_practice(sync.book):
            sync.problem = _NOT_OUR_SIMULATOR
        pause(sync, Pause(error.problem))
        return
    sync.failures += 1
    sync.not_before = now + timedelta(seconds=_pause_seconds(sync.failures, getattr(error, "retry_after", None)))


def note_success(sync: BookSync) -> None:
    sync.failures = 0
    sync.not_before = None
    sync.problem = ""


def pause(sync: BookSync, reason: Pause) -> None:
    sync.pause = reason
    sync.not_before = None
    logger.warning("The sync of book %s is paused (%s). %s", sync.book_id, reason, sync.problem)


def sentence(error: Failure) -> str:
    """What the service said; the client has taken addresses out of it."""
    return str(error)[: limits.SYNC_REASON_CHARACTERS]


def _pause_seconds(failures: int, retry_after: float | None) -> float:
    """Never earlier than the service asked for; not all books at the same moment."""
    doubled = limits.SYNC_BACKOFF_SECONDS * 2 ** min(failures - 1, 10)
    backoff = min(doubled, limits.SYNC_BACKOFF_LONGEST_SECONDS) * random.uniform(0.75, 1.25)
    return max(backoff, (retry_after or 0) * random.uniform(1, 1.25))
