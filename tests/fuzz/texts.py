"""Texts for a fuzz run: made of what has a meaning somewhere, and of any character."""

import random

from tests.support.hostile_text import ADDRESSES, ALL

PIECES = [
    *(
        "@",
        "＠",
        "@@",
        ".",
        "..",
        ",",
        ";",
        "、",
        "；",
        "，",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\u3000",
        "\xa0",
        "\u200b",
        "\ufeff",
    ),
    *(
        "<",
        ">",
        '"',
        "'",
        "(",
        ")",
        "mailto:",
        "?subject=x",
        "Name <",
        ">",
        "a",
        "x" * 70,
        "example.com",
        "xn--",
        "-",
        "+",
    ),
    *("한국", "日本", "İ", "ß", "é", "e\u0301", "💥", "\u202e", "\0", "%40", "&#64;", "=", "//", "[127.0.0.1]", ".con"),
]


def text(dice: random.Random, *, most: int = 40) -> str:
    """Never a lone surrogate: neither a browser nor a reader of ours can produce one."""
    parts = []
    for _ in range(dice.randrange(most)):
        match dice.randrange(8):
            case 0:
                parts.append(_any_character(dice))
            case 1:
                parts.append(dice.choice(ALL)[:300])
            case 2 | 3:
                parts.append(dice.choice(ADDRESSES))
            case _:
                parts.append(dice.choice(PIECES))
    return "".join(parts)


def _any_character(dice: random.Random) -> str:
    code = dice.choice([dice.randrange(0x80), dice.randrange(0xD800), dice.randrange(0xE000, 0x110000)])
    return chr(code) * dice.choice([1, 1, 1, 50])
