import pytest

from libraries.outbound_mailer import InvalidRequestError, Region, Zone
from libraries.outbound_mailer.zones import endpoint, is_loopback


@pytest.mark.parametrize(
    ("zone", "region", "expected"),
    [
        (Zone.PUBLIC, Region.KR, "https://mail.apigw.ntruss.com/api/v1"),
        (Zone.PUBLIC, Region.SGN, "https://mail.apigw.ntruss.com/api/v1-sgn"),
        (Zone.PUBLIC, Region.JPN, "https://mail.apigw.ntruss.com/api/v1-jpn"),
        (Zone.GOVERNMENT, Region.KR, "https://mail.apigw.gov-ntruss.com/api/v1"),
        (Zone.GOVERNMENT, Region.SGN, "https://mail.apigw.gov-ntruss.com/api/v1-sgn"),
        (Zone.GOVERNMENT, Region.JPN, "https://mail.apigw.gov-ntruss.com/api/v1-jpn"),
        (Zone.FINANCIAL, Region.KR, "https://mail.apigw.fin-ntruss.com/api/v1"),
    ],
)
def test_endpoint_is_the_zone_and_the_region(zone: Zone, region: Region, expected: str) -> None:
    assert endpoint(zone, region) == expected


@pytest.mark.parametrize("region", [Region.SGN, Region.JPN])
def test_endpoint_of_financial_zone_is_korea_only(region: Region) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        endpoint(Zone.FINANCIAL, region)
    assert (caught.value.field, caught.value.limit) == ("region", "KR")


@pytest.mark.parametrize("slash", ["", "/"])
def test_endpoint_of_a_known_base_url_needs_no_permission(slash: str) -> None:
    url = endpoint(Zone.PUBLIC, Region.JPN, base_url=f"https://mail.apigw.gov-ntruss.com{slash}")
    assert url == "https://mail.apigw.gov-ntruss.com/api/v1-jpn"


@pytest.mark.parametrize(
    "base_url",
    [
        "https://mail.example.com",
        "http://127.0.0.1:8025",
        "http://mail.apigw.ntruss.com",
        "https://mail.apigw.ntruss.com.example.com",
        "https://mail.apigw.ntruss.com:8443",
    ],
)
def test_endpoint_refuses_other_hosts_unless_allowed(base_url: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        endpoint(Zone.PUBLIC, Region.KR, base_url=base_url)
    assert caught.value.field == "base_url"


def test_endpoint_takes_other_hosts_when_allowed() -> None:
    for base_url in ("https://mail.example.com:8443/proxy", "http://localhost:8025", "http://[::1]:8025"):
        url = endpoint(Zone.PUBLIC, Region.KR, base_url=base_url, allow_other_hosts=True)
        assert url == f"{base_url}/api/v1"


@pytest.mark.parametrize(
    "base_url",
    [
        "http://mail.example.com",  # addresses would travel in clear
        "ftp://mail.example.com",
        "mail.example.com",
        "https://",
        "https://user:password@mail.example.com",
        "https://mail.example.com/?x=1",
        "https://mail.example.com/#x",
    ],
)
def test_endpoint_refuses_what_is_no_safe_base_url_even_when_allowed(base_url: str) -> None:
    with pytest.raises(InvalidRequestError):
        endpoint(Zone.PUBLIC, Region.KR, base_url=base_url, allow_other_hosts=True)


def test_is_loopback_knows_names_and_addresses() -> None:
    assert all(map(is_loopback, ["localhost", "127.0.0.1", "127.9.9.9", "::1"]))
    assert not any(map(is_loopback, ["", "example.com", "localhost.example.com", "10.0.0.1", "::2"]))
