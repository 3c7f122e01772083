"""How fast one address may send requests that make work, and how many it may have open."""

import ipaddress
import time
from dataclasses import dataclass

from refedit.machine.by_name import Recent

BURST, PER_SECOND = 1200.0, 20.0
"""So many at once, and so many more a second: more than a class behind one address needs (our choice)."""
OPEN = 500
"""Requests of one address that may be open at once, as every page that is looked at has one or two (our choice)."""
REMEMBERED = 4096
TOO_FAST = "Too many requests come from your network address. Wait a minute and try again."
TOO_MANY = "Too many requests from your network address are open. Close some pages and try again."


@dataclass
class _Allowance:
    left: float
    told: float


class Rates:
    """What every address has left; those that asked for nothing the longest are forgotten first."""

    def __init__(self, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self.burst, self.per_second = burst, per_second
        self._allowances: Recent[_Allowance] = Recent(REMEMBERED)

    def spend(self, address: str) -> bool:
        """Takes one request from what the address has left; False if there is nothing left."""
        now = time.monotonic()
        has = self._allowances.get(address) or _Allowance(self.burst, now)
        has.left, has.told = min(self.burst, has.left + (now - has.told) * self.per_second), now
        self._allowances[address] = has
        if has.left < 1:
            return False
        has.left -= 1
        return True


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the first half, since whoever has one address there has all of that.

    Whatever is no address stays as it is.
    """
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address) or known.is_loopback:
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.IPv6Network((known, 64), strict=False).network_address)
