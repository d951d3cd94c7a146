"""Which addresses are somebody else's. Pure: no network.

A name can lead anywhere, so its owner decides nothing: only what the whole internet may reach may be asked by us
(OWASP, "Server Side Request Forgery Prevention"; RFC 6890 lists what is special).
"""

import ipaddress

_REFUSED = [
    ipaddress.ip_network(network)
    for network in (
        "192.88.99.0/24",  # relays of 6to4: they would ask on our behalf
        "168.63.129.16/32",  # Azure's metadata and host services, on an address that looks public
        "2001::/23",  # Teredo and other assignments of protocols
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3ffe::/16",
        "5f00::/16",
    )
]
# The unicast addresses that are given out. All disguises of IPv4 (::ffff:0:0/96, NAT64's 64:ff9b::/96), loopback,
# link-local, site-local, unique local (AWS' fd00:ec2::254) and multicast lie outside of it.
_GIVEN_OUT = ipaddress.ip_network("2000::/3")


def is_outside(address: str) -> bool:
    """Whether the IP address (as text) is one of the public internet; False for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and (parsed not in _GIVEN_OUT or parsed.scope_id):
        return False
    if not parsed.is_global or parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified:
        return False
    return not any(parsed in network for network in _REFUSED if network.version == parsed.version)
