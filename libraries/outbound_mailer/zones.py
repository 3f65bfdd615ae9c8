"""Where the Outbound Mailer API lives: three zones, a base path for each region."""

import ipaddress
from enum import StrEnum
from urllib.parse import urlsplit

from libraries.outbound_mailer.errors import InvalidRequestError


class Zone(StrEnum):
    """NAVER Cloud's separate platforms; an account belongs to one."""

    PUBLIC = "public"
    GOVERNMENT = "government"
    FINANCIAL = "financial"


class Region(StrEnum):
    """Regions of a zone. Books, templates and history are separate for each; the path says which."""

    KR = "KR"
    SGN = "SGN"
    JPN = "JPN"


# Fact sheet section 1: the API overviews of the public and government zones, and NAVER's SDK for the
# financial one.
HOSTS = {
    Zone.PUBLIC: "https://mail.apigw.ntruss.com",
    Zone.GOVERNMENT: "https://mail.apigw.gov-ntruss.com",
    Zone.FINANCIAL: "https://mail.apigw.fin-ntruss.com",
}
BASE_PATHS = {Region.KR: "/api/v1", Region.SGN: "/api/v1-sgn", Region.JPN: "/api/v1-jpn"}
REGIONS = {
    Zone.PUBLIC: (Region.KR, Region.SGN, Region.JPN),
    Zone.GOVERNMENT: (Region.KR, Region.SGN, Region.JPN),
    Zone.FINANCIAL: (Region.KR,),  # no other is documented
}


def endpoint(zone: Zone, region: Region, *, base_url: str | None = None, allow_other_hosts: bool = False) -> str:
    """The URL that every resource path is appended to, without a slash at its end.

    `base_url` replaces the zone's scheme and host; one that is none of the three zones is refused unless the
    operator said `allow_other_hosts`: a host from a form or a database row could otherwise collect signatures
    and addresses.
    """
    if base_url is None:
        if region not in REGIONS[zone]:
            raise InvalidRequestError(
                "region", f"The {zone} zone has no region {region}.", limit=", ".join(REGIONS[zone])
            )
        return HOSTS[zone] + BASE_PATHS[region]
    root = base_url.rstrip("/")
    if root not in HOSTS.values():
        _check_other_host(root, allow_other_hosts)
    return root + BASE_PATHS[region]


def is_loopback(host: str) -> bool:
    """Whether the host name or literal address is this machine, without asking DNS."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_other_host(root: str, allow_other_hosts: bool) -> None:
    parts = urlsplit(root)
    extras = parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or extras:
        raise InvalidRequestError("base_url", "The base URL is a scheme and a host, with a path at most.")
    if not allow_other_hosts:
        raise InvalidRequestError(
            "base_url",
            f"{parts.hostname} is not a host of the Outbound Mailer; the operator has to allow other hosts.",
            limit=", ".join(HOSTS.values()),
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise InvalidRequestError("base_url", "Without TLS only this machine can be called.", limit="https")
