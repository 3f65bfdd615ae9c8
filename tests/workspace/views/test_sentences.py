import pytest
from django.utils import translation

from libraries import email_addresses
from workspace.views.pages.sentences import invalid_reason


@pytest.mark.parametrize(
    ("text", "language", "sentence"),
    [
        ("a b@example.com", "en", "It contains a space."),
        ("a@exam ple.com", "ko", "공백이 포함되어 있습니다."),
        ("a b@example.com", "ja", "空白が含まれています。"),
        ("a(b@example.com", "en", "“(” is not allowed before the “@”."),
    ],
)
def test_a_reason_names_what_is_at_fault(text, language, sentence) -> None:
    with pytest.raises(email_addresses.InvalidEmailError) as caught:
        email_addresses.parse(text)
    with translation.override(language):
        assert invalid_reason(caught.value) == sentence
