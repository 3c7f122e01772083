"""Whose requests are answered: a page that listens to its own machine only is not to be reached by other names.

A web site can make a name of its own lead to 127.0.0.1 (DNS rebinding), and so reach a page and its tools in a
visitor's browser. The browser says in `Host` by which name it came, and in `Origin` and `Sec-Fetch-Site` who asks.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from refedit.web.answers import Scope, header

READS = ("GET", "HEAD")
SAME = ("same-origin", "none")
"""What browsers say in `Sec-Fetch-Site` of a page's own requests, and of what people open themselves."""


@dataclass(frozen=True, kw_only=True)
class Origins:
    """`local` pages answer to names of this machine and to `names` only; others to every name, unless there are names.

    Whatever changes something has to come from the page itself or from no browser at all.
    """

    local: bool = False
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, host: str, names: tuple[str, ...] = ()) -> "Origins":
        """For a page that listens on `host`."""
        return cls(local=is_this_machine(host), names=tuple(name.strip().lower() for name in names if name.strip()))

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """A status and a sentence for a request that is not answered; None for all others."""
        if not self._named(header(scope, b"host")):
            return 421, "This page does not answer to that name. Whoever runs it can allow it with REFEDIT_HOSTS."
        if scope["method"] not in READS and self.foreign(scope):
            return 403, (
                "The request comes from another web site. Use the page itself, or name the site's host in "
                "REFEDIT_HOSTS if it is yours."
            )
        return None

    def foreign(self, scope: Scope) -> bool:
        """True if a browser asks for another site than this one."""
        origin, site = header(scope, b"origin"), header(scope, b"sec-fetch-site")
        if site in SAME or not (origin or site):
            return False
        return not origin or not any(_same(origin, name) for name in (*self._asked(scope), *self.names))

    def _named(self, host: str) -> bool:
        if not self.local and not self.names:
            return True
        name = _parts(host)[0]
        return is_this_machine(name) or name in self.names or (not self.local and _is_address(name))

    def _asked(self, scope: Scope) -> tuple[str, ...]:
        """The names by which the page was asked; a proxy may tell the one that its visitor used."""
        return tuple(filter(None, (header(scope, b"host"), header(scope, b"x-forwarded-host"))))


def is_this_machine(name: str) -> bool:
    """True for localhost and the addresses of the loopback."""
    name = name.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _same(origin: str, asked: str) -> bool:
    """The same site; ports count on this machine, where each may be another program's. Proxies often drop them."""
    (name, port), (other, other_port) = _parts(origin), _parts(asked)
    if is_this_machine(name) and is_this_machine(other):
        return port == other_port
    return bool(name) and name == other


def _parts(address: str) -> tuple[str, str]:
    """The name and the port of a Host or an Origin; nothing for what is neither."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        default = {"http": "80", "https": "443"}.get(parts.scheme, "")
        return (parts.hostname or "").rstrip("."), str(parts.port or default)
    except ValueError:
        return "", ""
