"""Templates as a JSON document of ours (docs/templates.md): written, and read whoever wrote it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from mailings import limits
from mailings.models import Editor
from mailings.services.templates.texts import Problem, TemplateText, UnfitTextError, cleaned, name_problems

FORMAT: Final = "mailer-console-templates"
VERSION: Final = 1
_TEXTS: Final = ("name", "subject", "body", "sender_address", "sender_name", "description", "editor")
_LISTED_NAME_CHARACTERS: Final = 100


class RefusedDocumentError(Exception):
    """The file cannot be taken; `code` says why, `detail` holds what its sentence needs."""

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Entry:
    """A template of a document, as far as it can be read. `text` is None where `problems` say why."""

    name: str
    path: tuple[str, ...]
    text: TemplateText | None
    is_in_use: bool
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    categories: tuple[tuple[str, ...], ...]
    entries: tuple[Entry, ...]


def read(data: bytes) -> Document:
    """Raises RefusedDocumentError; what is wrong with single templates stands in their entries."""
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise RefusedDocumentError("no_json") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise RefusedDocumentError("other_format")
    if document.get("version") != VERSION:
        raise RefusedDocumentError("other_version", version=str(document.get("version"))[:20])
    templates, paths = document.get("templates", []), document.get("categories", [])
    if not isinstance(templates, list) or not isinstance(paths, list):
        raise RefusedDocumentError("other_format")
    if max(len(templates), len(paths)) > limits.TEMPLATES_PER_IMPORT:
        raise RefusedDocumentError("too_many", count=max(len(templates), len(paths)))
    categories = tuple(tuple(path) for path in paths if not list(_path_problems(path)))
    document = Document(categories, tuple(map(_entry, templates)))
    if not document.entries and not document.categories:
        raise RefusedDocumentError("empty")
    return document


def written(
    categories: Iterable[list[str]], templates: Iterable[tuple[list[str], TemplateText, bool]]
) -> Iterator[str]:
    """The document piece by piece: a book may hold more than fits into memory at once."""
    head = {"format": FORMAT, "version": VERSION, "categories": list(categories)}
    yield _json(head).removesuffix("\n}") + ',\n  "templates": ['
    before = "\n"
    for path, text, is_in_use in templates:
        fields = {"category": path, **{name: getattr(text, name) for name in _TEXTS}, "in_use": is_in_use}
        yield before + _json(fields)
        before = ",\n"
    yield "\n  ]\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _entry(given: Any) -> Entry:
    if not isinstance(given, dict):
        return Entry("", (), None, is_in_use=True, problems=(Problem("name", "no_template"),))
    name, path = given.get("name"), given.get("category", [])
    listed = name[:_LISTED_NAME_CHARACTERS] if isinstance(name, str) else ""
    problems = [*_path_problems(path), *_shape_problems(given)]
    text = None
    if not problems:
        values = {field: given.get(field, "") for field in _TEXTS}
        try:
            text = cleaned(TemplateText(**{**values, "editor": values["editor"] or Editor.HTML}))
        except UnfitTextError as error:
            problems = error.problems
    kept = tuple(path) if text is not None else ()
    return Entry(listed, kept, text, is_in_use=given.get("in_use", True), problems=tuple(problems))


def _shape_problems(given: dict[str, Any]) -> Iterator[Problem]:
    for name in _TEXTS:
        if not isinstance(given.get(name, ""), str):
            yield Problem(name, "no_text", {"field": name})
    if given.get("editor", Editor.HTML) not in list(Editor):
        yield Problem("editor", "no_editor")
    if not isinstance(given.get("in_use", True), bool):
        yield Problem("in_use", "no_text", {"field": "in_use"})


def _path_problems(path: Any) -> Iterator[Problem]:
    if not isinstance(path, list) or len(path) > limits.CATEGORY_DEPTH:
        yield Problem("category", "no_path")
        return
    for name in path:
        if not isinstance(name, str) or list(name_problems(name)):
            yield Problem("category", "no_path")
            return
