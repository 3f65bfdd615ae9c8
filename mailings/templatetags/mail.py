from collections.abc import Collection, Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from mailings.models import Category, Mailing, Template
from mailings.services.results.reasons import reason_sentence
from mailings.services.suppressions.reading import suppressed
from mailings.services.templates.reading import Branch
from mailings.views.follow import sentences
from mailings.views.follow.line import line_context
from mailings.views.settings.sections import mail_settings
from mailings.views.suppressions.sentences import badges
from mailings.views.templates.tree_rows import TreeRows
from workspace.models import AddressBook
from workspace.views.pages.access import Access

register = template.Library()
register.filter("from_now", sentences.from_now)


@register.filter
def settled(mailing: Mailing) -> int:
    """Of how many recipients it is known what became of them."""
    return mailing.planned - mailing.open - mailing.unknown


@register.simple_tag
def suppression_badges(book: AddressBook, keys: Collection[str]) -> dict[str, SafeString]:
    """The badges of those of these addresses that are unsubscribed or blocked now: one query for a page."""
    return {key: badges(kinds) for key, kinds in suppressed(book, keys).items()}


@register.filter
def reason_words(code: str) -> str:
    """A code of the service in a sentence; one that nobody has documented as it came."""
    return reason_sentence(code)


@register.filter
def of_key(badges: Mapping[str, SafeString], key: str) -> SafeString:
    return badges.get(key, SafeString())


@register.simple_tag
def template_tree(
    root: Branch,
    *,
    book: AddressBook,
    category: Category | None,
    template: Template | None,
    in_use: bool,
    out_of_band: bool = False,
) -> SafeString:
    """The tree of categories, each a link with its count; those that are open with their templates."""
    return TreeRows(book, category=category, template=template, in_use=in_use).of(root, out_of_band=out_of_band)


@register.inclusion_tag("mail/line.html", takes_context=True)
def mailing_line(context: dict[str, Any], access: Access) -> dict[str, Any]:
    """What goes out from the book now, or waits for a decision; on a mailing's own page the others."""
    own = context.get("mailing")
    return line_context(access.book, besides=own.pk if isinstance(own, Mailing) else None)


@register.inclusion_tag("mail/settings.html", takes_context=True)
def mail_settings_sections(context: dict[str, Any], book: AddressBook) -> dict[str, Any]:
    """The sections about mail in the settings of a book."""
    return {**mail_settings(book), "csrf_token": context["csrf_token"]}
