"""What the screen says of counts and refusals, where a template cannot say it itself."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from libraries.email_addresses import InvalidEmailError, Reason
from libraries.email_addresses import limits as email_limits
from workspace import limits
from workspace.numbers import number


def addresses(count: int) -> str:
    return ngettext("%(count)s address", "%(count)s addresses", count) % {"count": number(count)}


def wait_first(seconds: int) -> str:
    """What somebody hears who has guessed wrong too often. A little too long rather than too short."""
    if seconds <= 60:
        text = ngettext(
            "Too many wrong attempts. Please wait %(count)s second, then try again.",
            "Too many wrong attempts. Please wait %(count)s seconds, then try again.",
            seconds,
        )
        return text % {"count": seconds}
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many wrong attempts. Please wait %(count)s minute, then try again.",
        "Too many wrong attempts. Please wait %(count)s minutes, then try again.",
        minutes,
    )
    return text % {"count": minutes}


def too_many_groups() -> str:
    limit = number(limits.GROUPS_PER_BOOK)
    return _("This address book has %(limit)s groups already and cannot take more.") % {"limit": limit}


def too_many_addresses(count: int) -> str:
    return _(
        "These are %(count)s addresses; at most %(limit)s can be registered at a time. Nothing was registered."
    ) % {
        "count": number(count),
        "limit": number(limits.TYPED_ADDRESSES_PER_REGISTRATION),
    }


def too_many_traces(count: int) -> str:
    return _(
        "These are %(count)s addresses; at most %(limit)s can be deleted permanently at a time. Nothing was changed."
    ) % {
        "count": number(count),
        "limit": number(limits.TRACES_ERASED_AT_ONCE),
    }


def invalid_reason(error: InvalidEmailError) -> str:
    """Why a text is not an e-mail address, for the person who typed it."""
    if error.character == " " and error.reason in (Reason.LOCAL_PART_CHARACTER, Reason.DOMAIN_CHARACTER):
        return _("It contains a space.")  # which nobody sees in quotation marks
    sentence = _sentence(error.reason, character=bool(error.character))
    return sentence % {"character": error.character} if "%(character)s" in sentence else sentence


def _sentence(reason: Reason, *, character: bool) -> str:
    """The sentence for a reason; with `character` it has a place for the one that is at fault."""
    match reason:
        case Reason.TOO_LONG:
            limit = number(email_limits.ADDRESS_LENGTH_CHARACTERS)
            return _("An address has at most %(limit)s characters.") % {"limit": limit}
        case Reason.CONTROL_CHARACTER:
            return _("It holds an invisible character.")
        case Reason.NO_AT:
            return _("The “@” is missing.")
        case Reason.SEVERAL_AT:
            return _("It holds more than one “@”.")
        case Reason.FULL_WIDTH:
            return _("It holds full-width letters.")
        case Reason.QUOTED:
            return _("A part in quotation marks is not supported.")
        case Reason.LOCAL_PART_EMPTY:
            return _("The part before “@” is missing.")
        case Reason.LOCAL_PART_TOO_LONG:
            return _("The part before the “@” is too long.")
        case Reason.LOCAL_PART_CHARACTER:
            if character:
                return _("“%(character)s” is not allowed before the “@”.")
            return _("A character before the “@” is not allowed.")
        case Reason.DOTS:
            return _("It starts or ends with a dot, or has two in a row.")
        case Reason.DOMAIN_EMPTY:
            return _("The domain after the “@” is missing.")
        case Reason.DOMAIN_TOO_LONG:
            return _("The domain after the “@” is too long.")
        case Reason.DOMAIN_CHARACTER:
            if character:
                return _("“%(character)s” is not allowed in a domain.")
            return _("A character of the domain is not allowed.")
        case Reason.DOMAIN_HYPHEN:
            return _("A hyphen stands where a domain cannot have one.")
        case Reason.DOMAIN_NO_DOT:
            return _("The domain has no ending such as “.com”.")
        case Reason.DOMAIN_NAME:
            return _("There can be no such domain.")
        case Reason.DOMAIN_ENDING:
            return _("No domain ends like this. Is there a word stuck to the address?")
        case Reason.SPECIAL_DOMAIN:
            return _("No mail can be sent to this domain: it is reserved.")
