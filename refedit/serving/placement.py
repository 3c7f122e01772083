"""Which replica makes which edit: pure bookkeeping, without any process, picture or clock.

A visitor, or a source picture, goes back to the replica that remembers it, unless that one is busy and another is not:
what memory saves is less than the wait for a whole edit. Of this front end at most one edit is at a replica, the others
wait here, so that they lose nothing with a replica, and go to whichever is free first.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from refedit.errors import EditError
from refedit.machine.by_name import Recent

OVERTAKEN = 2
"""So often may an edit that waits be passed by a later one whose replica is free (our choice)."""
REMEMBERED = 10_000
"""So many visitors and pictures have a replica; who was away the longest is forgotten first."""


@dataclass(eq=False)
class Ticket:
    """One edit that waits, or is at a replica; `key` is whose it is."""

    key: str
    replica: str | None = None
    overtaken: int = 0


@dataclass
class Placement:
    """The replicas that are there, the edits at them and those that wait; not for use by two threads at once.

    `busy` is how many edits of other front ends are at each replica. `waiting_each` may wait for each of the replicas,
    of which `least` are counted always: that one has to come back is no reason to refuse.
    """

    waiting_each: int
    least: int = 1
    busy: dict[str, int] = field(default_factory=dict)
    waiting: list[Ticket] = field(default_factory=list)
    placed: list[Ticket] = field(default_factory=list)
    homes: Recent[str] = field(default_factory=lambda: Recent(REMEMBERED))

    def ask(self, key: str) -> Ticket:
        """A ticket for an edit, which has its place now or waits for one; EditError if too many wait already."""
        if len(self.waiting) >= self.waiting_each * max(len(self.busy), self.least):
            raise EditError(
                f"All editors are busy, and {len(self.waiting)} edits wait already, which is as many as may. "
                "Try again in a minute."
            )
        ticket = Ticket(key)
        self.waiting.append(ticket)
        self._seat()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """The edit is over, or nobody wants it any more."""
        for tickets in (self.waiting, self.placed):
            if ticket in tickets:
                tickets.remove(ticket)
        self._seat()

    def again(self, ticket: Ticket) -> None:
        """The edit has not begun, and its replica is gone: it waits anew, before all others."""
        self.lost(ticket.replica or "")
        self.placed.remove(ticket)
        ticket.replica = None
        self.waiting.insert(0, ticket)
        self._seat()

    def lost(self, replica: str) -> None:
        """A replica has died."""
        self.busy.pop(replica, None)

    def update(self, busy: Mapping[str, int]) -> None:
        """The replicas that are there now, and how many edits of other front ends each has."""
        self.busy = dict(busy)
        self._seat()

    def _seat(self) -> None:
        """Gives free replicas to edits that wait, while there are both."""
        while self.waiting and (free := self._free()):
            ticket = self._next(free)
            for passed in self.waiting[: self.waiting.index(ticket)]:
                passed.overtaken += 1
            self.waiting.remove(ticket)
            self.placed.append(ticket)
            ticket.replica = self._best(ticket, free)
            self.homes[ticket.key] = ticket.replica

    def _free(self) -> list[str]:
        """Of the replicas without an edit of ours, those where least is going on."""
        taken = {ticket.replica for ticket in self.placed}
        free = [name for name in self.busy if name not in taken]
        least = min((self.busy[name] for name in free), default=0)
        return [name for name in free if self.busy[name] == least]

    def _next(self, free: list[str]) -> Ticket:
        """The first whose own replica is free, but for those who would pass somebody once too often; else the first."""
        for ticket in self.waiting:
            if self.homes.get(ticket.key) in free:
                return ticket
            if ticket.overtaken >= OVERTAKEN:
                break
        return self.waiting[0]

    def _best(self, ticket: Ticket, free: list[str]) -> str:
        """Its own replica, or the one that the fewest others call their own."""
        home = self.homes.get(ticket.key)
        if home in free:
            return home
        guests = Counter(self.homes.values())
        return min(free, key=lambda name: (guests[name], name))
