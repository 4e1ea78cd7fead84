"""Which addresses nobody but this machine can reach."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


def is_loopback(host: str) -> bool:
    """Whether a host, by address or as ``localhost``, is this machine as only it knows itself."""
    found = _loopback(host)
    return host == "localhost" if found is None else found


def is_exposed(address: str) -> bool:
    """Whether it is an IP address at which others can reach this machine; no other name is."""
    return _loopback(address) is False


@lru_cache(maxsize=64)  # asked for every request; a machine has few addresses
def _loopback(text: str) -> bool | None:
    """Whether an IP address is a loopback one; None for what is no address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped  # as a socket of both families tells an IPv4 connection
    return found.is_loopback
