"""Translations without GNU gettext: `python -m tools.messages` brings the catalogues up to date, `--check` judges them.

Extracts from Python and templates, updates locale/*/LC_MESSAGES/django.po, compiles the .mo beside it. Both
are committed: a clone speaks every language without a further step.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parent.parent
LOCALE: Final = ROOT / "locale"
LANGUAGES: Final = ("ko", "ja")
SOURCES: Final = ("libraries", "workspace", "addressbook", "mailings", "mailerconsole", "templates")
COMMENT_TAGS: Final = ["Translators:"]
KEYWORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
# When this was last run, and people that Babel makes up.
USELESS_HEADERS: Final = tuple(
    f'"{name}'.encode()
    for name in ("POT-Creation", "PO-Revision", "Report-Msgid", "Last-Translator", "Language-Team", "Generated-By")
)
# %(name)s and {name}: what a translation must hold exactly as its source does.
PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|(?<!\{)\{\w*\}")


def main() -> None:
    if sys.argv[1:] == ["--check"]:
        problems = list(check())
        sys.exit("\n".join([*problems, "Run: make messages, and translate."]) if problems else 0)
    template = extract_all()
    for language in LANGUAGES:
        update(language, template)


def extract_all(root: Path = ROOT) -> Catalog:
    """Every text of the product that is marked for translation."""
    catalog = Catalog(project="Mailer Console", charset="utf-8")
    for path in sorted(path for source in SOURCES for path in (root / source).rglob("*")):
        if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts:
            for _, message, comments, context in _messages_of(path):
                # No line numbers: they would change with every edit, and hide what did change.
                catalog.add(message, None, [(str(path.relative_to(root)), 0)], (), comments, context=context)
    return catalog


def _messages_of(path: Path) -> Iterator[tuple[int, Any, list[str], str | None]]:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        from django.utils.translation.template import templatize

        # Django's own translation of a template into calls of gettext, for tools such as this.
        # Its lines are calls among letters for everything else, indented as the template is, which Python minds.
        source = "\n".join(line.lstrip() for line in templatize(source, origin=str(path)).splitlines())
    return extract(
        "python", BytesIO(source.encode()), KEYWORDS, COMMENT_TAGS, {"encoding": "utf-8"}, strip_comment_tags=False
    )


def update(language: str, template: Catalog, locale: Path = LOCALE) -> None:
    """Bring the catalogue up to date and compile it. Translations are kept; what nobody says any more is dropped."""
    path = _po(language, locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalog = read(language, locale)
    # No guesses: a translation of a similar text is a wrong one until somebody has looked.
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    path.write_bytes(_as_po(catalog))
    path.with_suffix(".mo").write_bytes(_as_mo(catalog))


def read(language: str, locale: Path = LOCALE) -> Catalog:
    path = _po(language, locale)
    if not path.exists():
        return Catalog(
            locale=language,
            header_comment="# Texts of Mailer Console.",
            project="Mailer Console",
            version="",
            fuzzy=False,
        )
    with path.open("rb") as file:
        return read_po(file, locale=language)


def check(root: Path = ROOT, locale: Path = LOCALE) -> Iterator[str]:
    """What keeps the translations from being complete, a sentence each."""
    template = extract_all(root)
    wanted = {_key(message): message for message in template if message.id}
    for language in LANGUAGES:
        if not _po(language, locale).exists():
            yield f"{language}: there is no catalogue."
            continue
        catalog = read(language, locale)
        have = {_key(message): message for message in catalog if message.id}
        for message in [message for key, message in wanted.items() if key not in have]:
            yield f"{language}: missing: {_source(message)!r}"
        for key, message in have.items():
            if key in wanted:
                yield from (f"{language}: {problem}: {_source(message)!r}" for problem in _problems(message))
            else:
                yield f"{language}: obsolete: {_source(message)!r}"
        if catalog.obsolete:
            yield f"{language}: {len(catalog.obsolete)} obsolete texts are kept as comments."
        if not _is_compiled(catalog, _po(language, locale).with_suffix(".mo")):
            yield f"{language}: django.mo is not what django.po compiles to."


def _problems(message: Any) -> Iterator[str]:
    sources, translations = _forms(message.id), _forms(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if not all(translations):
        yield "not translated"
        return
    # Of a plural, the singular may do without its number; the last form is the one that must hold all of them.
    needed = set(PLACEHOLDER.findall(sources[-1]))
    if any(set(PLACEHOLDER.findall(text)) != needed for text in translations):
        yield "placeholders differ"


def _key(message: Any) -> tuple[tuple[str, ...], str | None]:
    return _forms(message.id), message.context


def _forms(text: Any) -> tuple[str, ...]:
    """Singular and plural where there are two, whatever sequence Babel has them in."""
    return (text,) if isinstance(text, str) else tuple(text)


def _source(message: Any) -> str:
    return _forms(message.id)[0]


def _po(language: str, locale: Path) -> Path:
    return locale / language / "LC_MESSAGES" / "django.po"


def _as_po(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    write_po(buffer, catalog, width=120, omit_header=False, include_lineno=False, sort_output=True)
    lines = buffer.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(USELESS_HEADERS))


def _as_mo(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    # Not the time of this run, which would make it another file every time.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    write_mo(buffer, catalog)
    return buffer.getvalue()


def _is_compiled(catalog: Catalog, path: Path) -> bool:
    if not path.exists():
        return False
    return _texts(path.read_bytes()) == _texts(_as_mo(catalog))


def _texts(compiled: bytes) -> dict[Any, Any]:
    return {_key(message): message.string for message in read_mo(BytesIO(compiled)) if message.id}


if __name__ == "__main__":
    main()
