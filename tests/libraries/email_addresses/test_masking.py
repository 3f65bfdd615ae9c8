import pytest

from libraries.email_addresses import masked, masked_within


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("hong@example.com", "ho***@example.com"),
        ("hong.gildong@example.com", "ho***@example.com"),
        ("kim@example.com", "k***@example.com"),
        ("yi@example.com", "***@example.com"),
        ("a@example.com", "***@example.com"),
        ("홍길동@example.com", "홍***@example.com"),
        ("홍길동님@한국.example", "홍길***@한국.example"),
        ("=cmd@example.com", "=c***@example.com"),
        ("not an address", "***"),
        ("", "***"),
    ],
)
def test_the_beginning_and_the_domain_are_shown(email: str, shown: str) -> None:
    assert masked(email) == shown


def test_a_mask_says_nothing_of_the_length() -> None:
    assert masked("hong@example.com") == masked("ho" + "x" * 60 + "@example.com")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("list of hong@example.com.xlsx", "list of ho***@example.com.xlsx"),
        ("<hong@example.com>,kim@example.com;a@b.co", "<ho***@example.com>,k***@example.com;***@b.co"),
        ("홍길동＠example.com", "홍***＠example.com"),
        ("mailto:hong@example.com", "mailto:ho***@example.com"),
        ("hong﹫example.com.csv", "ho***﹫example.com.csv"),
        ("hong%40example.com.csv", "ho***%40example.com.csv"),
        ("hong(at)example.com.csv", "ho***(at)example.com.csv"),
        ("hong [AT] example.com", "ho*** [AT] example.com"),
        ("hong（at）example.com", "ho***（at）example.com"),
        ("홍길동{골뱅이}example.com", "홍***{골뱅이}example.com"),
        ("hong&#64;example.com", "ho***&#64;example.com"),
        ("100%401", "1***%401"),
        ("look (at) this", "lo*** (at) this"),
        ("at work", "at work"),
        ("CEO @ work", "CEO @ work"),
        ("no address", "no address"),
    ],
)
def test_addresses_inside_a_text_are_masked(text: str, shown: str) -> None:
    assert masked_within(text) == shown


@pytest.mark.parametrize(
    "email", ["hong@example.com", "a@example.com", "홍길동@example.com", "o'brien+x/y@example.com"]
)
def test_an_address_is_masked_the_same_inside_a_text(email: str) -> None:
    assert masked_within(email) == masked(email)
