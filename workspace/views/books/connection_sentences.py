"""What a test of the connection found, for a person who does not know what an API is."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from libraries.outbound_mailer import (
    AddressBookCounts,
    ConfigurationError,
    ConfigurationProblem,
    MailerError,
    TemporaryError,
    TemporaryProblem,
)
from libraries.outbound_mailer import limits as mailer_limits
from workspace.models import AddressBook
from workspace.numbers import number
from workspace.services.books.connection import NotConnectedError, Obstacle, target_of
from workspace.views.pages.sentences import addresses


@dataclass(frozen=True, slots=True)
class Verdict:
    """`trace` is what the provider's support asks for."""

    works: bool
    sentence: str
    trace: str = ""


def verdict_on_success(counts: AddressBookCounts) -> Verdict:
    groups = ngettext("%(count)s group", "%(count)s groups", len(counts.groups)) % {"count": number(len(counts.groups))}
    sentence = _("The connection works. The service holds %(addresses)s in %(groups)s.")
    return Verdict(True, sentence % {"addresses": addresses(counts.total_address_count), "groups": groups})


def verdict_on_failure(error: NotConnectedError | MailerError, book: AddressBook) -> Verdict:
    if isinstance(error, NotConnectedError):
        return Verdict(False, _not_connected(error.obstacle))
    if isinstance(error, ConfigurationError):
        sentence = _to_be_put_right(error, book)
    elif isinstance(error, TemporaryError):
        sentence = _may_pass(error, target_of(book).host)
    else:
        sentence = _("The service refused the question (HTTP %(status)s, code %(code)s).") % {
            "status": error.status,
            "code": error.code or "–",
        }
    return Verdict(False, sentence, error.trace_id or "")


def _not_connected(obstacle: Obstacle) -> str:
    match obstacle:
        case Obstacle.NO_KEYS:
            return _("There is nothing to test yet: type the keys and save them.")
        case Obstacle.KEYS_UNREADABLE:
            return _(
                "The keys that are kept cannot be read any more: the server has lost what they were encrypted with. "
                "Type both keys again."
            )
        case Obstacle.HOST_NOT_ALLOWED:
            return _("The operator of this server does not allow this host (any more).")
        case Obstacle.NO_SUCH_PLACE:
            return _("The zone does not have this region. Choose another one above.")
        case Obstacle.NO_HTTP_PROXY:
            return _("The proxy settings of this server name no HTTP proxy. Ask its operator to check them.")


def _to_be_put_right(error: ConfigurationError, book: AddressBook) -> str:
    place = {"zone": book.get_zone_display(), "region": book.get_region_display()}
    match error.problem:
        case ConfigurationProblem.KEYS_REFUSED:
            sentence = _(
                "The service refused the keys. Check that both were copied whole, that they are still active, and that "
                "they belong to the zone “%(zone)s”."
            )
        case ConfigurationProblem.NO_PERMISSION:
            sentence = _(
                "The service knows the keys, but they may not use Outbound Mailer. Give their account the permission "
                "in the provider’s console."
            )
        case ConfigurationProblem.CLOCK_SKEW:
            return _clock_skew(error.skew_seconds or 0)
        case ConfigurationProblem.NOT_SUBSCRIBED:
            sentence = _(
                "The account has not subscribed to Outbound Mailer in the region “%(region)s”. Subscribe to it in the "
                "provider’s console, each region for itself, or choose another region above."
            )
        case ConfigurationProblem.RETIRED:
            sentence = _(
                "The service does not offer this connection to the account (any more) in the zone “%(zone)s”, region "
                "“%(region)s”. Check both; the provider ends it in the public zone in 2027. Nothing here is lost."
            )
    return sentence % place


def _clock_skew(seconds_ahead: float) -> str:
    here = timezone.localtime()
    there = here - timedelta(seconds=seconds_ahead)
    sentence = _(
        "The clock of this server is wrong, and the service refuses whatever is %(minutes)s minutes off. Here it is "
        "%(here)s, there it is %(there)s. Ask the operator of this server to set its clock."
    )
    minutes = mailer_limits.CLOCK_SKEW_SECONDS // 60
    times = {name: date_format(moment, "Y-m-d H:i:s") for name, moment in (("here", here), ("there", there))}
    return sentence % {"minutes": minutes, **times}


def _may_pass(error: TemporaryError, host: str) -> str:
    match error.problem:
        case TemporaryProblem.UNREACHABLE:
            sentence = _(
                "%(host)s could not be reached. Check this server’s way to the internet: its name server, a firewall."
            )
        case TemporaryProblem.NOT_TRUSTED:
            sentence = _(
                "Whoever answered for %(host)s could not prove to be the service: its certificate is not valid. "
                "Nothing was sent. Something may stand between this server and the service."
            )
        case TemporaryProblem.PROXY:
            sentence = _("The proxy between this server and %(host)s did not let the call through.")
        case TemporaryProblem.TIMEOUT:
            sentence = _("%(host)s did not answer in time. Please try again in a minute.")
        case TemporaryProblem.BROKEN_OFF:
            sentence = _("The connection to %(host)s broke off. Please try again in a minute.")
        case TemporaryProblem.TOO_MANY_REQUESTS:
            return _too_many_requests(error.retry_after)
        case TemporaryProblem.NOT_THE_SERVICE:
            sentence = _(
                "Something else than the service answered at %(host)s, such as the page of a firewall or of a proxy."
            )
        case TemporaryProblem.OUT_OF_ORDER:
            sentence = _("The service has trouble of its own (HTTP %(status)s). Please try again later.")
    return sentence % {"host": host, "status": error.status}


def _too_many_requests(seconds: float | None) -> str:
    if seconds is None:
        return _("The service takes no more calls just now. Please try again in a few minutes.")
    text = ngettext(
        "The service takes no more calls just now. Please try again in %(seconds)s second.",
        "The service takes no more calls just now. Please try again in %(seconds)s seconds.",
        round(seconds),
    )
    return text % {"seconds": number(round(seconds))}
