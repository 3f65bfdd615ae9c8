"""Any text through what takes pasted addresses apart: no error but ours, and what comes out is as promised."""

import random
from urllib.parse import unquote

import pytest

from libraries import email_addresses
from libraries.email_addresses import InvalidEmailError, limits
from tests.fuzz.run import fuzz
from tests.fuzz.texts import text
from workspace.views.pages.sentences import invalid_reason

pytestmark = [pytest.mark.engine_independent, pytest.mark.timeout(1200)]


def test_any_text_is_taken_apart_and_judged() -> None:
    fuzz("addresses", judge, at_least=50)


def judge(dice: random.Random) -> None:
    entry = text(dice, most=8)
    try:
        address = email_addresses.parse(entry)
    except InvalidEmailError as error:
        assert invalid_reason(error)  # noqa: PT017 - most texts are none, and every one has its sentence
    else:
        assert len(address.key.encode()) <= 254
        assert address.text.count("@") == address.key.count("@") == 1
        assert email_addresses.parse(address.text).key == address.key
        shown = email_addresses.masked(address.text)
        assert shown.partition(limits.MASK)[0] == address.text[: shown.index(limits.MASK)]
        assert shown.index(limits.MASK) <= limits.MASKED_CHARACTERS_SHOWN
    email_addresses.suggest(entry)
    for character in entry:
        email_addresses.displayed(character).encode()
    email_addresses.masked_within(entry)


def test_any_text_is_split_into_entries_and_nothing_is_made_up() -> None:
    fuzz("separators", split, at_least=50)


def split(dice: random.Random) -> None:
    pasted = text(dice)
    for entry in email_addresses.split(pasted):
        assert entry
        if entry in pasted:
            # A tab may stand in it where quotes or angle brackets hold it together; a line end never does.
            assert "\n" not in entry
        else:
            # An address behind `mailto:` has its percent signs decoded, to whatever they stand for.
            assert "mailto:" in pasted.lower()
            assert entry in unquote(pasted)
