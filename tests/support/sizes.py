"""How much is tried: a part on every push, all of it with DEEP=1 in the environment, as `make test-deep` sets it."""

import os
from typing import Final, TypeVar

Size = TypeVar("Size")

IS_DEEP: Final = bool(os.environ.get("DEEP"))


def size(part: Size, everything: Size) -> Size:
    return everything if IS_DEEP else part
