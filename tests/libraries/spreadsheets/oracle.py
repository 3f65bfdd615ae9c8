"""Generated files, each beside the plain list of what a person would see in it. No code of the product is used here.

A `Case` is built row by row: what is written, and what must be read for it. The expectation of a row is its address,
or INVALID when it has to be reported, or BLANK.
"""

import random
import re
from dataclasses import dataclass, field

INVALID = "(invalid)"
BLANK = "(blank)"

_ADDRESS = re.compile(r"[A-Za-z0-9=+'.-]+@[a-z0-9-]+(\.[a-z0-9-]+)+")

ENCODINGS = {
    "utf-8": (b"", "utf-8", ("Kim", "김민수", "田中ルーシー")),
    "utf-8-sig": (b"\xef\xbb\xbf", "utf-8", ("Kim", "김민수", "田中ルーシー")),
    "utf-16-le": (b"\xff\xfe", "utf-16-le", ("Kim", "김민수", "田中ルーシー")),
    "utf-16-be": (b"\xfe\xff", "utf-16-be", ("Kim", "김민수", "田中ルーシー")),
    "utf-16-le without a mark": (b"", "utf-16-le", ("Kim", "김민수")),
    "cp949": (b"", "cp949", ("김민수", "이서연", "최뷁")),
    "cp932": (b"", "cp932", ("田中ルーシー", "ソフィー", "山田ポール")),
}
DELIMITERS = ("", ",", ";", "\t", "|")
LINE_ENDS = ("\n", "\r\n", "\r")
HEADINGS = {
    "none": (),
    "english": ("Email", "Name"),
    "local": ("이메일", "이름"),
}
JAPANESE = ("メールアドレス", "名前")
DEFECTS = (
    "unbalanced quote",
    "unbalanced quote in a name",
    "quote inside",
    "undecodable",
    "nul",
    "too long",
    "blank line",
    "spaces",
    "no address",
    "guarded",
    "several lines",
    "more cells",
    "two addresses",
    "mark inside",
)


@dataclass
class Case:
    """`content` as bytes, and what each row below the heading is: (number, expectation)."""

    content: bytes = b""
    expected: list[tuple[int, str]] = field(default_factory=list)
    header_row: int | None = None
    # What the reader of entries makes of a cell that is no address as it stands, by the row's number.
    entries: dict[int, list[str]] = field(default_factory=dict)


def judged(text: str, *, refused: bool) -> str:
    """What a row that was read counts as, by the plainest rule there is."""
    if refused:
        return INVALID
    if not text.strip():
        return BLANK
    return text if _ADDRESS.fullmatch(text) else INVALID


def text_case(encoding: str, delimiter: str, line_end: str, heading: str, seed: int) -> Case:
    """A text file of some thirty rows, three of them defective, written byte by byte as no library would."""
    rng = random.Random(f"{encoding}{delimiter}{line_end}{heading}{seed}")
    mark, codec, names = ENCODINGS[encoding]
    case = Case(content=mark)
    columns = JAPANESE if heading == "local" and encoding == "cp932" else HEADINGS[heading]
    email_first = rng.random() < 0.5
    number = 1
    if seed % 4 == 3 and delimiter:
        case.content += f"sep={delimiter}{line_end}".encode(codec)  # Excel does not count this line
    if columns:
        case.header_row = number
        case.content += _line(list(columns), delimiter, email_first).encode(codec) + line_end.encode(codec)
        number += 1
    total = rng.randint(24, 36)
    defects = dict(zip(rng.sample(range(3, total), 3), rng.sample(DEFECTS, 3), strict=True))
    for index in range(total):
        email, name = f"user{rng.randrange(10**6)}@example.{rng.choice(['com', 'org', 'net'])}", rng.choice(names)
        line, expectation = _defective(defects.get(index), email, name, delimiter, codec, line_end, email_first)
        case.content += line
        if index < total - 1 or seed % 2:
            case.content += line_end.encode(codec)
        elif not line:
            continue  # the file ends before a line begins
        case.expected.append((number, expectation))
        repeats = {"unbalanced quote": 1, "two addresses": 2}.get(defects.get(index, ""))
        if repeats:
            case.entries[number] = [email] * repeats
        number += 1
    return case


def _line(cells: list[str], delimiter: str, email_first: bool) -> str:
    if not delimiter:
        return cells[0]
    return delimiter.join(cells[:2] if email_first else [cells[1], cells[0], *cells[2:]])


def _defective(
    defect: str | None, email: str, name: str, delimiter: str, codec: str, line_end: str, email_first: bool
) -> tuple[bytes, str]:
    cells, expected = [email, name], email
    if defect == "unbalanced quote":
        cells, expected = ['"' + email, name], INVALID
    elif defect == "unbalanced quote in a name":
        cells = [email, '"' + name]
    elif defect == "quote inside":
        cells, expected = [email.replace("@", '"@'), name], INVALID
    elif defect == "undecodable":
        before, after = _line([email, name], delimiter, email_first).split("@")
        bad = {"utf-16-le": b"\x00\xd8", "utf-16-be": b"\xd8\x00"}.get(codec, b"\xff")
        return before.encode(codec) + bad + b"".join([f"@{after}".encode(codec)]), INVALID
    elif defect == "nul":
        cells, expected = [email.replace("@", "\0@"), name], INVALID
    elif defect == "too long":
        cells, expected = ["a" * 40_000 + email, name], INVALID
    elif defect == "blank line":
        return b"", BLANK
    elif defect == "spaces":
        return b"" if not delimiter else "  ".encode(codec), BLANK
    elif defect == "no address":
        cells, expected = (["nobody"] if not delimiter else ["", name]), INVALID
    elif defect == "guarded":
        cells, expected = ["'=" + email, name], "=" + email
    elif defect == "several lines":
        cells = [f'"{email}"', f'"{name}{line_end}""{name}"""']
    elif defect == "more cells":
        cells = [email, name, "x", "y", "z"]
    elif defect == "two addresses":
        cells, expected = [f"{email} {email}", name], INVALID
    elif defect == "mark inside":
        if codec in ("cp949", "cp932"):
            return _line(cells, delimiter, email_first).encode(codec), expected
        cells, expected = [email.replace("@", "\ufeff@"), name], INVALID
    return _line(cells, delimiter, email_first).encode(codec), expected


def workbook_case(kind: str, heading: str, top: int, left: int, seed: int) -> tuple[list[list[object]], Case]:
    """Rows of cells for a workbook, with blank rows above and blank columns beside, and what each row is."""
    rng = random.Random(f"{kind}{heading}{top}{left}{seed}")
    names = ("Kim", "김민수", "田中ルーシー", 42, 1.5)
    rows: list[list[object]] = [[] for _ in range(top)]
    case = Case()
    if HEADINGS[heading]:
        rows.append([""] * left + list(HEADINGS[heading]))
        case.header_row = len(rows)
    total = rng.randint(20, 30)
    kinds = ["number", "blank row", "no address", "boolean", "too long", "equals"]
    if kind in ("xlsx", "xlsm"):
        kinds += ["formula", "error"]
    defects = dict(zip(rng.sample(range(3, total - 1), 3), rng.sample(kinds, 3), strict=True))
    blank_above = case.header_row is None
    if blank_above:
        case.expected += [(number, BLANK) for number in range(1, top + 1)]
    for index in range(total):
        email = f"user{rng.randrange(10**6)}@example.com"
        cell, expected = {
            "number": (82, INVALID),
            "blank row": ("", BLANK),
            "no address": ("", INVALID),
            "boolean": (True, INVALID) if kind != "ods" else ("nobody", INVALID),
            "too long": (("a" * 32_000), INVALID),
            "equals": (email, email),
            "formula": ("=A1&B1", INVALID),
            "error": ("#N/A", INVALID),
        }.get(defects.get(index, ""), (email, email))
        blank = defects.get(index) == "blank row"
        rows.append([] if blank else [*[""] * left, cell, rng.choice(names)])
        case.expected.append((len(rows), expected))
    return rows, case
