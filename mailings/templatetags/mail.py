from typing import Any

from django import template

from mailings.models import Mailing
from mailings.views.settings.sections import mail_settings
from workspace.models import AddressBook

register = template.Library()


@register.filter
def settled(mailing: Mailing) -> int:
    """Of how many recipients it is known what became of them."""
    return mailing.planned - mailing.open - mailing.unknown


@register.inclusion_tag("mail/settings.html", takes_context=True)
def mail_settings_sections(context: dict[str, Any], book: AddressBook) -> dict[str, Any]:
    """The sections about mail in the settings of a book."""
    return {**mail_settings(book), "csrf_token": context["csrf_token"]}
