"""The signature, against vectors that others published and against OpenSSL."""

import base64
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libraries.outbound_mailer.signing import Credentials, signature, signed_headers

KEYS = Credentials("test-access-key", "test-secret-key")
TIMESTAMP = "856915200000"
DELETE_GROUP = "/api/v1/address-book/recipient-groups?groupName="


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        # The first two are published with a public client in Go; the others follow from NAVER's description.
        ("POST", "/api/v1/mails", "F1YxxwEjDRZmNLxqqDFz53OpbvLrMCqEsv9tLxoBcWE="),
        ("POST", "/api/v1/files", "q1JhbYivx0lU//wBoOyh+yn/y7+Lg9Ez/Xj6FDzxap4="),
        ("GET", "/api/v1/address-book", "Aw0C+EFtaPX0i+SvnG4KexPPWriTRG/5zlDrYAQbX7I="),
        ("POST", "/api/v1/address-book", "PqFQjE8f8OWERO+pdg0gx9uWfOo06VkaAix8xXyDifM="),
        ("GET", "/api/v1-sgn/address-book", "xZrsSlwcXNZCDUirFFZy5Ybkk+234hjIQvVipEI8cJg="),
        ("DELETE", DELETE_GROUP + "20%EB%8C%80", "TEu/k4CDdsEDWAkhORZIj32FbpiO0us0rbAJ7N1TDrE="),
        ("DELETE", DELETE_GROUP + "a+b", "dhMe9IrY4+7MVqWCHaivwkaHhfg1LB7GkD77FlysFUI="),
        ("DELETE", DELETE_GROUP + "a%20b", "ZBdT6Ex7ZC9iTbtzH55qz3+mnLdtiisx2zYOcnEF7kA="),
    ],
)
def test_signature_equals_published_vector(method: str, target: str, expected: str) -> None:
    assert signature(method, target, TIMESTAMP, KEYS) == expected


@settings(max_examples=15, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    query=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=80),
    secret=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64),
    timestamp=st.integers(0, 10**13),
)
def test_signature_agrees_with_openssl(method: str, query: str, secret: str, timestamp: int) -> None:
    target = f"/api/v1/mails?{query}"
    message = f"{method} {target}\n{timestamp}\nan-access-key"
    hexadecimal_key = secret.encode().hex()
    openssl = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{hexadecimal_key}", "-binary"],
        input=message.encode(),
        capture_output=True,
        check=True,
    )
    expected = base64.b64encode(openssl.stdout).decode()
    assert signature(method, target, str(timestamp), Credentials("an-access-key", secret)) == expected


def test_signed_headers_carry_the_timestamp_that_was_signed() -> None:
    headers = signed_headers("POST", "/api/v1/mails", 856915200.0, KEYS)
    assert headers == {
        "x-ncp-apigw-timestamp": TIMESTAMP,
        "x-ncp-iam-access-key": "test-access-key",
        "x-ncp-apigw-signature-v2": "F1YxxwEjDRZmNLxqqDFz53OpbvLrMCqEsv9tLxoBcWE=",
    }


def test_credentials_repr_hides_the_secret() -> None:
    assert "test-secret-key" not in repr(KEYS)
