"""How a page is looked at: in every language, and in windows of three widths, light and dark."""

from typing import Final

import pytest

from tests.support.sizes import size

LANGUAGES: Final = ("en", "ko", "ja")
WINDOWS: Final = ((1440, "light"), (1024, "dark"), (390, "light"))


def looks(shift: int) -> pytest.MarkDecorator:
    """A test with each of three looks on a push, with all nine in `make test-deep`.

    With another `shift` each window has another language, so that among the pages every pair is met.
    """
    part = [(*window, LANGUAGES[(number + shift) % len(LANGUAGES)]) for number, window in enumerate(WINDOWS)]
    everything = [(*window, language) for window in WINDOWS for language in LANGUAGES]
    return pytest.mark.parametrize(("width", "scheme", "language"), size(part, everything))
