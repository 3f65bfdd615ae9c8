"""What templates of the screen need beside Django's own tags.

A book may have a thousand groups, and a page of the list up to a hundred addresses. Django's template language takes a
third of a millisecond for a row: rows that come in such numbers are put together here, where they take a fraction.
"""

from collections.abc import Iterable, Mapping, Set
from typing import Final

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from addressbook.models.groups import TreeGroup
from addressbook.views.reset import recovery
from addressbook.views.screen.listing import Row
from addressbook.views.sync import sync_sentences
from addressbook.views.sync.sync_line import sync_context
from addressbook.views.undo import undo_sentences
from addressbook.views.uploads import upload_dialog
from workspace.models import AddressBook
from workspace.numbers import number
from workspace.views.books import masking
from workspace.views.history import history_sentences
from workspace.views.pages.access import Access

_CURRENT: Final = ' aria-current="true"'

register = template.Library()
register.filter("number", number)
register.filter("upload_line", upload_dialog.line_of)
register.filter("action_title", history_sentences.title)
register.filter("undo_outcome", undo_sentences.outcome)
register.filter("address_for", masking.address_for)
register.filter("text_for", masking.text_for)
register.filter("moment", sync_sentences.moment)


@register.simple_tag
def group_rows(
    groups: Iterable[TreeGroup], *, book: AddressBook, chosen: TreeGroup | None, may_edit: bool, late: Set[int]
) -> SafeString:
    """The groups of the tree, each a link with its count and, for those who may edit, the button of its menu.

    Those of `late` (ids) are not, or not completely, at the service yet, and have a badge that says so.
    """
    address = escape(reverse("console", args=[book.slug]))
    chosen_id = chosen.pk if chosen else None
    badge = render_to_string("late_badge.html").strip() if late else ""
    label = escape(_("More actions for %(name)s"))
    rows = []
    for pk, name, count in groups:
        # The only text of others; the rest is ours.
        shown = escape(name)
        rows.append(
            f'<li data-name="{shown.lower()}" data-group="{pk}"><a href="{address}?group={pk}" class="tree-item" '
            f'title="{shown}"{_CURRENT if pk == chosen_id else ""}><span class="tree-name">{shown}</span>'
            f'{badge if pk in late else ""} <span class="count">{number(count)}</span></a>'
        )
        if may_edit:
            rows.append(
                f'<button type="button" class="more needs-script" id="more-group-{pk}" aria-haspopup="menu" '
                f'data-menu="group-menu" data-value="{pk}" aria-label="{label % {"name": shown}}"></button>'
            )
        rows.append("</li>\n")
    return SafeString("".join(rows))


@register.simple_tag
def address_rows(rows: Iterable[Row], *, access: Access, badges: Mapping[str, SafeString]) -> SafeString:
    """The rows of the list: the address, its groups, when it was registered; a tick and a menu for who may edit.

    `badges` has what else is to be said of an address, by its key.
    """
    select, more = escape(_("Select %(email)s")), escape(_("More actions for %(email)s"))
    html = []
    for row in rows:
        email, pk = escape(masking.address_for(row.address.email, access)), row.address.pk
        at = localtime(row.address.registered_at)
        html.append("<tr>")
        if access.may_edit:
            html.append(
                f'<td class="tick"><input type="checkbox" name="address" value="{pk}" '
                f'aria-label="{select % {"email": email}}"></td>'
            )
        html.append(
            f'<th scope="row" class="email">{email}{badges.get(row.address.key, "")}</th>'
            f'<td class="in-groups">{_groups_of(row)}</td>'
            f'<td class="when"><time datetime="{at.isoformat()}">{at:%Y-%m-%d %H:%M}</time></td>'
        )
        if access.may_edit:
            html.append(
                f'<td class="menu-column needs-script"><button type="button" class="more" id="more-address-{pk}" '
                f'aria-haspopup="menu" data-menu="address-menu" data-value="{pk}" '
                f'aria-label="{more % {"email": email}}"></button></td>'
            )
        html.append("</tr>\n")
    return SafeString("".join(html))


def _groups_of(row: Row) -> str:
    if not row.groups:
        return '<span class="none">–</span>'
    named = _tags(row.named_groups)
    if not row.other_groups:
        return named
    count = _("+%(count)s more") % {"count": number(len(row.other_groups))}
    summary = f'<summary class="tag more-tags">{escape(count)}</summary>'
    return f'{named}<details class="more-groups">{summary}{_tags(row.other_groups)}</details>'


def _tags(names: Iterable[str]) -> str:
    return "".join(f'<span class="tag" title="{escape(name)}">{escape(name)}</span> ' for name in names)


@register.simple_tag
def group_options(groups: Iterable[TreeGroup], *, chosen: TreeGroup | None) -> SafeString:
    """The groups as options of a select."""
    chosen_id = chosen.pk if chosen else None
    selected = SafeString(" selected")
    return format_html_join(
        "\n",
        '<option value="{}"{}>{}</option>',
        ((group.pk, selected if group.pk == chosen_id else "", group.name) for group in groups),
    )


@register.simple_tag
def group_tick(group: TreeGroup, state: str, inside: int = 0, total: int = 0) -> SafeString:
    """A group in "Edit group": ticked ("on", or "new" by the user), not ("off"), or for some only ("mixed").

    "out" and "cleared": it was "on" or "mixed", and the user has taken the tick away.

    Beside the tick stands what it was: only what the user changes is applied (`forms.selection.EditGroupsForm`).
    """
    box = {"on": " checked", "new": " checked", "mixed": " data-mixed"}.get(state, "")
    was = {"on": "on", "out": "on", "mixed": "mixed", "cleared": "cleared"}.get(state)
    before = format_html('<input type="hidden" name="{}" value="{}">', was, group.pk) if was else ""
    some = ""
    if state == "mixed":
        numbers = {"inside": number(inside), "total": number(total)}
        some = format_html(' <span class="hint">{}</span>', _("%(inside)s of %(total)s") % numbers)
    return format_html(
        '<li data-name="{}"><label><input type="checkbox" name="in" value="{}"{}> {}{}</label>{}</li>',
        group.name.lower(),
        group.pk,
        SafeString(box),
        group.name,
        some,
        before,
    )


@register.simple_tag
def sync_values(access: Access) -> Mapping[str, object]:
    """What the line of the sync says, on a page that knows nothing of the sync."""
    return sync_context(access)


@register.simple_tag
def recovery_copies(access: Access) -> list[recovery.Copy]:
    return recovery.copies(access)
