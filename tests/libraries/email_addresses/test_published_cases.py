"""Addresses whose standing others have published: in isemail 3.05 and in email-validator's own tests.

Only facts are taken over (an address and its category); the domain is an example where it does not matter.
isemail judges by the RFCs and so knows shades; a mailing list takes what is valid there without any.
"""

import pytest

from libraries.email_addresses import InvalidEmailError, parse

LABEL = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghikl"  # 63
LOCAL = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghiklm"  # 64
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
SINGLES = ".".join([*ALPHABET, *ALPHABET, *ALPHABET, *ALPHABET, *ALPHABET[:22]])

VALID, DNS_ONLY = "VALID", "DNSWARN"
QUOTED_OR_LITERAL, COMMENT, DEPRECATED, RFC5322, ERROR = "RFC5321", "CFWS", "DEPREC", "RFC5322", "ERR"

ISEMAIL = [
    ("", ERROR),
    ("test", ERROR),
    ("@", ERROR),
    ("test@", ERROR),
    ("test@io", QUOTED_OR_LITERAL),
    ("@io", ERROR),
    ("@example.org", ERROR),
    ("test@example.org", VALID),
    ("test@nominet.example.org", VALID),
    ("test@about.example.org", VALID),
    ("a@example.org", VALID),
    ("test@e.com", DNS_ONLY),
    ("test@example.a", DNS_ONLY),
    ("test.test@example.org", VALID),
    (".test@example.org", ERROR),
    ("test.@example.org", ERROR),
    ("test..example.org", ERROR),
    ("test_exa-mple.com", ERROR),
    ("!#$%&`*+/=?^`{|}~@example.org", VALID),
    ("test\\@test@example.org", ERROR),
    ("123@example.org", VALID),
    ("test@123.com", VALID),
    ("test@example.123", QUOTED_OR_LITERAL),
    ("test@255.255.255.255", QUOTED_OR_LITERAL),
    (f"{LOCAL}@example.org", VALID),
    (f"{LOCAL}n@example.org", RFC5322),
    (f"test@{LABEL}.com", DNS_ONLY),
    (f"test@{LABEL}m.com", RFC5322),
    ("test@mason-dixon.com", VALID),
    ("test@-example.org", ERROR),
    ("test@example-.com", ERROR),
    ("test@c--n.com", VALID),
    ("test@example.co-uk", DNS_ONLY),
    ("test@.example.org", ERROR),
    ("test@example.org.", ERROR),
    ("test@example..com", ERROR),
    (f"a@{SINGLES}", DNS_ONLY),
    (f"{LOCAL}@{LABEL}.{LABEL}.{LABEL[:59]}hi", DNS_ONLY),
    (f"{LOCAL}@{LABEL}.{LABEL}.{LABEL[:59]}hij", RFC5322),
    (f"a@{LABEL}.{LABEL}.{LABEL}.{LABEL[:59]}.hij", RFC5322),
    (f"a@{LABEL}.{LABEL}.{LABEL}.{LABEL[:59]}.hijk", RFC5322),
    ('"test"@example.org', QUOTED_OR_LITERAL),
    ('""@example.org', QUOTED_OR_LITERAL),
    ('"""@example.org', ERROR),
    ('"\\a"@example.org', QUOTED_OR_LITERAL),
    ('"\\""@example.org', QUOTED_OR_LITERAL),
    ('"\\"@example.org', ERROR),
    ('"\\\\"@example.org', QUOTED_OR_LITERAL),
    ('test"@example.org', ERROR),
    ('"test@example.org', ERROR),
    ('"test"test@example.org', ERROR),
    ('test"text"@example.org', ERROR),
    ('"test""test"@example.org', ERROR),
    ('"test"."test"@example.org', DEPRECATED),
    ('"test\\ test"@example.org', QUOTED_OR_LITERAL),
    ('"test".test@example.org', DEPRECATED),
    ('"test\x00"@example.org', ERROR),
    ('"test\\\x00"@example.org', DEPRECATED),
    ('"abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdefghj"@example.org', RFC5322),
    ('"abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdefg\\h"@example.org', RFC5322),
    ("test@[255.255.255.255]", QUOTED_OR_LITERAL),
    ("test@a[255.255.255.255]", ERROR),
    ("test@[255.255.255]", RFC5322),
    ("test@[255.255.255.255.255]", RFC5322),
    ("test@[255.255.255.256]", RFC5322),
    ("test@[1111:2222:3333:4444:5555:6666:7777:8888]", RFC5322),
    ("test@[IPv6:1111:2222:3333:4444:5555:6666:7777]", RFC5322),
    ("test@[IPv6:1111:2222:3333:4444:5555:6666:7777:8888]", QUOTED_OR_LITERAL),
    ("test@[IPv6:1111:2222:3333:4444:5555:6666:7777:8888:9999]", RFC5322),
    ("test@[IPv6:1111:2222:3333:4444:5555:6666:7777:888G]", RFC5322),
    ("test@[IPv6:1111:2222:3333:4444:5555:6666::8888]", DEPRECATED),
    ("test@[IPv6:1111:2222:3333:4444:5555::8888]", QUOTED_OR_LITERAL),
    ("test@[IPv6::3333:4444:5555:6666:7777:8888]", RFC5322),
    ("test@[IPv6:::3333:4444:5555:6666:7777:8888]", QUOTED_OR_LITERAL),
    ("test@[IPv6:1111::4444:5555::8888]", RFC5322),
    ("test@[IPv6:::]", QUOTED_OR_LITERAL),
    ("test@[IPv6:1111:2222:3333:4444:5555:6666:255.255.255.255]", QUOTED_OR_LITERAL),
    ("test@[IPv6::255.255.255.255]", RFC5322),
    (" test @example.org", DEPRECATED),
    ("test@ example .com", DEPRECATED),
    ("test . test@example.org", DEPRECATED),
    ("(comment)test@example.org", COMMENT),
    ("((comment)test@example.org", ERROR),
    ("(comment(comment))test@example.org", COMMENT),
    ("test@(comment)example.org", DEPRECATED),
    ("test(comment)test@example.org", ERROR),
    ("test@(comment)[255.255.255.255]", DEPRECATED),
    (f"(comment){LOCAL}@example.org", COMMENT),
    (f"test@(comment){LABEL}.com", DEPRECATED),
    ("test@xn--hxajbheg2az3al.xn--jxalpdlp", VALID),
    ("xn--test@example.org", VALID),
    ("test@example.org-", ERROR),
    ("(test@example.org", ERROR),
    ("test@(example.org", ERROR),
    ("test@[1.2.3.4", ERROR),
    ('"test\\"@example.org', ERROR),
    ("(comment\\)test@example.org", ERROR),
    ("test@example.org(comment\\)", ERROR),
    ("test@example.org(comment\\", ERROR),
    ("test@[RFC-5322-domain-literal]", RFC5322),
    ("test@[RFC-5322]-domain-literal]", ERROR),
    ("test@[RFC-5322-[domain-literal]", ERROR),
    ("test@[RFC-5322-\\\x07-domain-literal]", RFC5322),
    ("test@[RFC-5322-\\\t-domain-literal]", RFC5322),
    ("test@[RFC-5322-\\]-domain-literal]", RFC5322),
    ("test@[RFC-5322-domain-literal\\]", ERROR),
    ("test@[RFC 5322 domain literal]", RFC5322),
    ("test@[RFC-5322-domain-literal] (comment)", RFC5322),
    ("\x7f@example.org", ERROR),
    ("test@\x7f.org", ERROR),
    ('"\x7f"@example.org', DEPRECATED),
    ("(\x7f)test@example.org", DEPRECATED),
    ('"\rtest"@example.org', ERROR),
    ("(\r)test@example.org", ERROR),
    ("test@example.org(\r)", ERROR),
    ('"\n"@example.org', ERROR),
    ('"\\\n"@example.org', DEPRECATED),
    ("(\n)test@example.org", ERROR),
    ("\x07@example.org", ERROR),
    ("test@\x07.org", ERROR),
    ('"\x07"@example.org', DEPRECATED),
    ('"\\\x07"@example.org', DEPRECATED),
    ("(\x07)test@example.org", DEPRECATED),
    ("test@[IPv6:1::2:]", RFC5322),
    ('"test\\\xa9"@example.org', ERROR),
    ("test@example/icann.org", RFC5322),
    ("test.(comment)test@example.org", DEPRECATED),
    ("test@org", QUOTED_OR_LITERAL),
    ("test@test.com", DNS_ONLY),
    ("test@nic.example.org", DNS_ONLY),
]

# White space at the ends has many categories there; here it is always stripped.
ISEMAIL_WHITE_SPACE = [
    *(" test@example.org", "test@example.org ", "\r\n test@example.org", "\r\n \r\n test@example.org"),
    *("test@example.org\n", "test@example.org\r", "\rtest@example.org", "\ntest@example.org"),
    *("\r\ntest@example.org", "\r\n \r\ntest@example.org", " \r\ntest@example.org", " \r\n test@example.org"),
    *(
        " \r\n\r\ntest@example.org",
        "test@example.org\r\n ",
        "test@example.org\r\n \r\n ",
        "test@example.org\r\n",
    ),
    *("test@example.org \r\n\r\n", "test@example.org \r\n \r\n"),
]

# With the key that follows. Whatever needs SMTPUTF8 is an address too.
LIBRARY_VALID = [
    ("Abc@example.org", "abc@example.org"),
    ("Abc.123@test-example.com", "abc.123@test-example.com"),
    ("user+mailbox/department=shipping@example.org", "user+mailbox/department=shipping@example.org"),
    ("!#$%&'*+-/=?^_`.{|}~@example.org", "!#$%&'*+-/=?^_`.{|}~@example.org"),
    ("jeff@臺網中心.example.org", "jeff@xn--fiqq24b10vi0d.example.org"),
    ("伊昭傑@郵件.example.org", "伊昭傑@xn--5nqv22n.example.org"),
    ("राम@मोहन.example.org", "राम@xn--l2bl7a9d.example.org"),
    ("юзер@екзампл.example.org", "юзер@xn--80ajglhfv.example.org"),
    ("θσερ@εχαμπλε.example.org", "θσερ@xn--mxahbxey0c.example.org"),
    ("葉士豪@臺網中心.example.org", "葉士豪@xn--fiqq24b10vi0d.example.org"),
    ("jeff葉@example.org", "jeff葉@example.org"),
    ("ñoñó@example.org", "ñoñó@example.org"),
    ("甲斐黒川日本@example.org", "甲斐黒川日本@example.org"),
    ("чебурашкаящик-с-апельсинами.рф@example.org", "чебурашкаящик-с-апельсинами.рф@example.org"),
    ("उदाहरण.परीक्ष@domain.with.idn.example.org", "उदाहरण.परीक्ष@domain.with.idn.example.org"),
    ("ιωάννης@εεττ.example.org", "ιωάννης@xn--qxaa9ba.example.org"),
]

LIBRARY_INVALID = [
    *('"unnecessarily.quoted.local.part"@example.com', '"quoted..local.part"@example.com'),
    *('"quoted.with.at@"@example.com', '"quoted with space"@example.com', '"with.unicode.λ"@example.com'),
    *(
        "my@localhost",
        "my@.leadingdot.com",
        "my@．leadingfwdot.com",
        "my@twodots..com",
        "my@twofwdots．．.com",
    ),
    *(
        "my@trailingdot.com.",
        "my@trailingfwdot.com．",
        "me@-leadingdash",
        "me@－leadingdashfw",
        "me@trailingdash-",
    ),
    *(
        "me@trailingdashfw－",
        "my@baddash.-.com",
        "my@baddash.-a.com",
        "my@baddash.b-.com",
        "my@baddashfw.－.com",
    ),
    *(
        "my@example\n.com",
        "me@x!",
        ".leadingdot@domain.com",
        "twodots..here@domain.com",
        "trailingdot.@domain.com",
    ),
    *(
        "me@⒈wouldbeinvalid.com",
        "white space@test",
        "test@white space",
        "m\ny@example.com",
        "my\n@example.com",
    ),
    *('bad"quotes"@example.com', 'obsolete."quoted".atom@example.com', "me@bad-tld-1", "me@bad.tld-2"),
    *(
        "me@xn--0.tld",
        "me@yy--0.tld",
        "me@yy－－0.tld",
        "me@[127.0.0.1]",
        "me@[127.0.0.999]",
        "me@[IPv6:::1]",
    ),
    *(
        "me@[IPv6:::G]",
        "me@[tag:text]",
        "me@[untaggedtext]",
        "me@[tag:invalid space]",
        "1" * 65 + "@example.com",
    ),
    *("me@anything.arpa", "me@valid.invalid", "me@link.local", "me@host.localhost", "me@onion.onion.onion"),
    *("me@test.test.test", "\u0300@example.com", "test@\u0300.example.com", "\x9c@example.com"),
    *(
        "\u202dforward-\u202ereversed@example.com",
        "\ud800@example.com",
        "test@\ue000.com",
        "\U0010fdef@example.com",
    ),
    *("\ufdef@example.com", "a\u2005b@example.com", "a\u2028b@example.com", "a\u2029b@example.com"),
]


def is_address(text: str) -> bool:
    try:
        parse(text)
    except InvalidEmailError:
        return False
    return True


@pytest.mark.parametrize(("text", "category"), ISEMAIL)
def test_isemail_case(text: str, category: str) -> None:
    has_ending_of_one_letter = len(text.rpartition(".")[2]) == 1 and text[-1].isalpha()
    assert is_address(text) == (category in (VALID, DNS_ONLY) and not has_ending_of_one_letter)


@pytest.mark.parametrize("text", ISEMAIL_WHITE_SPACE)
def test_isemail_case_with_white_space_at_the_ends(text: str) -> None:
    assert parse(text).text == "test@example.org"


@pytest.mark.parametrize(("text", "key"), LIBRARY_VALID)
def test_email_validator_case_that_is_valid(text: str, key: str) -> None:
    assert parse(text).key == key


@pytest.mark.parametrize("text", LIBRARY_INVALID)
def test_email_validator_case_that_is_invalid(text: str) -> None:
    assert not is_address(text)
