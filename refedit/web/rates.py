"""How fast one address may send requests that make work."""

import time
from collections import OrderedDict
from dataclasses import dataclass

BURST, PER_SECOND = 1200.0, 20.0
"""So many at once, and so many more a second: more than a class behind one address needs (our choice)."""
REMEMBERED = 4096
TOO_FAST = "Too many requests come from your network address. Wait a minute and try again."


@dataclass
class _Allowance:
    left: float
    told: float


class Rates:
    """What every address has left; those that asked for nothing the longest are forgotten first."""

    def __init__(self, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self.burst, self.per_second = burst, per_second
        self._allowances: OrderedDict[str, _Allowance] = OrderedDict()

    def spend(self, address: str) -> bool:
        """Takes one request from what the address has left; False if there is nothing left."""
        now = time.monotonic()
        has = self._allowances.setdefault(address, _Allowance(self.burst, now))
        has.left, has.told = min(self.burst, has.left + (now - has.told) * self.per_second), now
        self._allowances.move_to_end(address)
        while len(self._allowances) > REMEMBERED:
            self._allowances.popitem(last=False)
        if has.left < 1:
            return False
        has.left -= 1
        return True
