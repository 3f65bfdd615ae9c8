"""The tree of categories as HTML: thousands of rows, for which a template would take too long."""

from typing import Final

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mailings.models import Category, Template
from mailings.services.templates.reading import Branch
from workspace.models import AddressBook
from workspace.numbers import number

_CURRENT: Final = ' aria-current="true"'


class TreeRows:
    """What is chosen is marked. Names are the only text of others; the rest is ours."""

    def __init__(
        self, book: AddressBook, *, category: Category | None, template: Template | None, in_use: bool
    ) -> None:
        self._here = escape(reverse("manage_templates", args=[book.slug]))
        self._show = "" if in_use else "show=unused"
        self._template = template.pk if template else None
        self._category = category.pk if category else None

    def of(self, root: Branch, *, out_of_band: bool) -> SafeString:
        url = f"{self._here}?{self._show}" if self._show else self._here
        is_chosen = self._template is None and self._category is None
        top = self._link(url, _("All templates"), root.count, is_chosen=is_chosen)
        swap = ' hx-swap-oob="true"' if out_of_band else ""
        rows = f'<li class="branch">{top}{self._inside(root)}</li>'
        return SafeString(f'<ul class="tree template-tree" id="template-tree"{swap}>{rows}</ul>')

    def _inside(self, branch: Branch) -> str:
        rows = [f'<li class="branch">{self._category_link(one)}{self._inside(one)}</li>\n' for one in branch.branches]
        for pk, name in branch.templates:
            link = self._link(f"{self._here}{pk}/", name, None, is_chosen=pk == self._template)
            rows.append(f"<li>{link}</li>\n")
        return f"<ul>{''.join(rows)}</ul>" if rows else ""

    def _category_link(self, branch: Branch) -> str:
        url = f"{self._here}?category={branch.pk}" + (f"&amp;{self._show}" if self._show else "")
        is_chosen = self._template is None and branch.pk == self._category
        return self._link(url, branch.name, branch.count, is_chosen=is_chosen)

    def _link(self, url: str, name: str, count: int | None, *, is_chosen: bool) -> str:
        shown = escape(name)
        counted = "" if count is None else f' <span class="count">{number(count)}</span>'
        return (
            f'<a href="{url}" class="tree-item" title="{shown}"{_CURRENT if is_chosen else ""}>'
            f'<span class="tree-name">{shown}</span>{counted}</a>'
        )
