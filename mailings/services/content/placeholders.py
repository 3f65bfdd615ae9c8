"""Placeholders: `${name}` in a subject or a body, and what takes their place.

The service fills them in by itself, from the parameters of a request. Which characters a name may have is not
documented; ours are the letters of every script, digits and the underscore, which both services are known to take.
"""

import re
from collections.abc import Mapping
from typing import Final

from mailings import limits

_NAME: Final = rf"\w{{1,{limits.PLACEHOLDER_NAME_CHARACTERS}}}"
MARK: Final = re.compile(rf"\$\{{({_NAME})\}}")
_OPENING: Final = re.compile(r"\$\{")


def mark(name: str) -> str:
    return f"${{{name}}}"


def is_name(text: str) -> bool:
    return bool(re.fullmatch(_NAME, text))


def names_in(*texts: str) -> list[str]:
    """The names of the placeholders in `texts`, each once, in the order in which they appear."""
    return list(dict.fromkeys(name for text in texts for name in MARK.findall(text)))


def unreadable_in(text: str) -> list[str]:
    """Each `${` that begins no placeholder, with what follows it: a recipient would read it as it is."""
    starts = [match.start() for match in _OPENING.finditer(text)]
    return [text[start : start + 20] for start in starts if not MARK.match(text, start)]


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` as the service fills it in: every placeholder with a value once, the others as they are."""
    return MARK.sub(lambda match: values.get(match[1], match[0]), text)


def renamed(text: str, new_names: Mapping[str, str]) -> str:
    return MARK.sub(lambda match: mark(new_names.get(match[1], match[1])), text)
