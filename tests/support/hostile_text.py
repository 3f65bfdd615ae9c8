"""Texts that break out of where they are put: of the kinds that lists of such texts hold, written for this house."""

MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "` onclick=`alert(1)`",
    "</textarea><script>alert(1)</script>",
    "</title><b>bold</b>",
    "</select><option selected>x",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[<b>]]>",
    "javascript:alert(1)",
    "data:text/html,<b>x</b>",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "&quot; onload=&quot;",
    "<style>*{display:none}</style>",
    "<base href=//example.com>",
    "<meta http-equiv=refresh content=0>",
    "<form action=//example.com><button>x",
    "hx-get=/ hx-trigger=load",
]
TEMPLATES = [
    "{{ 7*7 }}",
    "{% load static %}",
    "{% debug %}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{0.__class__}",
    "{",
    "}",
]
FORMATS = ["%s%s%n", "%(name)s", "%(limit)s", "%", "%%", "100%", "%d%%x", "\\u0000", "\\x3cb\\x3e", "\\", "\\\\"]
QUERIES = ["' OR 1=1 --", '" OR ""="', "'; DROP TABLE addressbook_address; --", "%' ESCAPE '%", "_", "a' || 'b", "\\'"]
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", '=HYPERLINK("//example.com")', "=cmd|'/c calc'!A1", "\t=1+1", "\r=1+1"]
SCRIPTS = [
    "\u202eevitatnet\u202c",
    "\u2066abc\u2069",
    "\u200b\u200d\ufeff",
    "Z\u0351\u036b\u0343a\u0365\u0300l\u030e\u0346g\u0350\u0357o\u0334" + "\u0336" * 40,
    "العربية مع english",
    "가각갂갃 ㅎㅎ",
    "표시ＡＢＣ１２３＠",
    "𝕬𝖇𝖈 𠜎𠜱",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇰🇷",
    "İıſK",
    "ﷺ" * 20,
    "e\u0301 \u00e9",
]
CONTROLS = [
    "\0",
    "a\0b",
    "\x01\x02\x1f\x7f",
    "\x1b[31mred",
    "a\nb",
    "a\r\nSet-Cookie: x=y",
    "a\u2028b\u2029c",
    "\x85",
    "\ufffe\uffff",
]
PATHS = [
    "../../etc/passwd",
    "..\\..\\x",
    "CON",
    "a/b",
    "a:b",
    ".hidden",
    "file.csv;.exe",
    "x" * 255,
    "%2e%2e%2f",
    "~root",
]
NUMBERS = ["0", "-1", "9" * 30, "1e309", "NaN", "Infinity", "0x7f", "٣", "1,000", "2147483648", "9223372036854775808"]
WORDS = ["", " ", "null", "undefined", "None", "true", "constructor", "__proto__", "hasOwnProperty"]
LONG = ["W" * 5_000, "a " * 5_000, "💥" * 2_000]

SHORT = [*MARKUP, *TEMPLATES, *FORMATS, *QUERIES, *FORMULAS, *SCRIPTS, *CONTROLS, *PATHS, *NUMBERS, *WORDS]
ALL = [*SHORT, *LONG]

# Every one of these is an address, by the rules of the mail.
ADDRESSES = [
    "=1+1@example.com",
    "+82-10@example.com",
    "-a@example.com",
    "x'onload='x@example.com",
    "{{7*7}}@example.com",
    "{%debug%}@example.com",
    "%s%n@example.com",
    "%name@example.com",
    "$`id`@example.com",
    "a&b&amp@example.com",
    "!|cmd'!a1@example.com",
    "/etc/x@example.com",
    "홍길동@example.com",
    "عربي@example.com",
    "#!/?=@example.com",
    "o'b'r'i'e'n@example.com",
    "null@example.com",
    "x" * 64 + "@example.com",
    "a@" + "b" * 63 + ".example.com",
]
