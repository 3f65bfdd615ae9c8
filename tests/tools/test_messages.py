"""The translation tool, on a small product of its own."""

import gettext
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from tools import messages

CODE = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext, npgettext, pgettext_lazy
# Translators: on the door
_("Open")
gettext_lazy("Shut")
ngettext("%(n)s door", "%(n)s doors", 2)
pgettext_lazy("verb", "Open")
npgettext("house", "%(n)s key", "%(n)s keys", 2)
"""
TEMPLATE = """{% load i18n %}
    <h1 title="it's">{% translate "Title" %}</h1>
      {% blocktranslate count n=n trimmed %}
        {{ n }} row
      {% plural %}
        {{ n }} rows
      {% endblocktranslate %}
  {% translate "Mail" context "noun" %} {{ _("Inline") }}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in messages.SOURCES:
        (tmp_path / folder).mkdir()
    (tmp_path / "addressbook" / "code.py").write_text(CODE)
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE)
    return tmp_path


@pytest.fixture
def locale(tmp_path: Path, root: Path) -> Path:
    """Catalogues in which everything is translated."""
    locale = tmp_path / "locale"
    for language in messages.LANGUAGES:
        messages.update(language, messages.extract_all(root), locale)
        change(locale, language, lambda catalog: [translate(message) for message in catalog if message.id])
        messages.update(language, messages.extract_all(root), locale)
    return locale


def translate(message: object) -> None:
    last = message.id[-1] if isinstance(message.id, list | tuple) else message.id
    message.string = (f"번역 {last}",) if isinstance(message.id, list | tuple) else f"번역 {last}"


def change(locale: Path, language: str, edit: object) -> None:
    path = locale / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        catalog: Catalog = read_po(file, locale=language)
    edit(catalog)
    with path.open("wb") as file:
        write_po(file, catalog)


def problems(root: Path, locale: Path) -> list[str]:
    return list(messages.check(root, locale))


def test_extracts_every_form(root: Path) -> None:
    found = {(message.id, message.context) for message in messages.extract_all(root) if message.id}
    assert found == {
        ("Open", None),
        ("Shut", None),
        (("%(n)s door", "%(n)s doors"), None),
        ("Open", "verb"),
        (("%(n)s key", "%(n)s keys"), "house"),
        ("Title", None),
        (("%(n)s row", "%(n)s rows"), None),
        ("Mail", "noun"),
        ("Inline", None),
    }


def test_keeps_comments_for_translators(root: Path) -> None:
    assert messages.extract_all(root).get("Open").auto_comments == ["Translators: on the door"]


def test_complete_translations_pass(root: Path, locale: Path) -> None:
    assert problems(root, locale) == []


def test_compiled_catalogue_speaks(locale: Path) -> None:
    with (locale / "ko" / "LC_MESSAGES" / "django.mo").open("rb") as file:
        korean = gettext.GNUTranslations(file)
    assert korean.gettext("Title") == "번역 Title"
    assert korean.ngettext("%(n)s door", "%(n)s doors", 1) == "번역 %(n)s doors"
    assert korean.pgettext("verb", "Open") == "번역 Open"


def test_update_keeps_translations_and_drops_what_is_gone(root: Path, locale: Path) -> None:
    (root / "templates" / "page.html").write_text('{% load i18n %}{% translate "Title" %}{% translate "New" %}')
    messages.update("ko", messages.extract_all(root), locale)
    catalog = messages.read("ko", locale)
    assert catalog.get("Title").string == "번역 Title"
    assert catalog.get("New").string == ""
    assert catalog.get("Inline") is None
    assert not catalog.obsolete


def test_update_twice_changes_nothing(root: Path, locale: Path) -> None:
    files = sorted(path for path in locale.rglob("django.*"))
    before = [path.read_bytes() for path in files]
    for language in messages.LANGUAGES:
        messages.update(language, messages.extract_all(root), locale)
    assert [path.read_bytes() for path in files] == before


def test_missing_text_is_found(root: Path, locale: Path) -> None:
    (root / "templates" / "more.html").write_text('{% load i18n %}{% translate "More" %}')
    assert problems(root, locale) == ["ko: missing: 'More'", "ja: missing: 'More'"]


def test_obsolete_text_is_found(root: Path, locale: Path) -> None:
    (root / "addressbook" / "code.py").write_text(CODE.replace('gettext_lazy("Shut")', ""))
    assert problems(root, locale) == ["ko: obsolete: 'Shut'", "ja: obsolete: 'Shut'"]


def test_untranslated_text_is_found(root: Path, locale: Path) -> None:
    change(locale, "ko", lambda catalog: setattr(catalog.get("Shut"), "string", ""))
    assert "ko: not translated: 'Shut'" in problems(root, locale)


def test_fuzzy_text_is_found(root: Path, locale: Path) -> None:
    change(locale, "ja", lambda catalog: catalog.get("Shut").flags.add("fuzzy"))
    assert "ja: fuzzy: 'Shut'" in problems(root, locale)


@pytest.mark.parametrize("translation", ["%(m)s 개", "개", "%(n)s 개 %(m)s"])
def test_other_placeholders_are_found(root: Path, locale: Path, translation: str) -> None:
    change(locale, "ko", lambda catalog: setattr(catalog.get("%(n)s door"), "string", (translation,)))
    assert "ko: placeholders differ: '%(n)s door'" in problems(root, locale)


def test_stale_compilation_is_found(root: Path, locale: Path) -> None:
    change(locale, "ko", lambda catalog: setattr(catalog.get("Shut"), "string", "닫기"))
    assert problems(root, locale) == ["ko: django.mo is not what django.po compiles to."]


def test_missing_catalogue_is_found(root: Path, locale: Path) -> None:
    (locale / "ja" / "LC_MESSAGES" / "django.po").unlink()
    assert problems(root, locale) == ["ja: there is no catalogue."]
