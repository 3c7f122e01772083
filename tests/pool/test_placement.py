"""Which replica makes which edit: none is idle while somebody waits, and who comes back is known."""

import heapq
import random

import pytest

from refedit.errors import EditError
from refedit.serving.placement import OVERTAKEN, Placement, Ticket


def places(*replicas: str, waiting_each: int = 8) -> Placement:
    placement = Placement(waiting_each)
    placement.update(dict.fromkeys(replicas, 0))
    return placement


def test_a_visitor_returns_to_an_idle_replica_and_else_goes_where_there_is_room() -> None:
    placement = places("a", "b")
    first = placement.ask("ann")
    home = first.replica
    other = placement.ask("bob")
    assert {home, other.replica} == {"a", "b"}
    placement.leave(first)
    again = placement.ask("ann")
    assert again.replica == home
    placement.leave(other)
    beside = placement.ask("ann")
    assert beside.replica == other.replica, "a whole edit's wait costs more than what is remembered saves"


def test_newcomers_are_spread() -> None:
    placement = places("a", "b", "c")
    for visitor in range(30):
        placement.leave(placement.ask(f"visitor {visitor}"))
    homes = list(placement.homes.values())
    assert [homes.count(name) for name in "abc"] == [10, 10, 10]


def test_what_is_too_much_is_refused_in_words() -> None:
    placement = places("a", "b", waiting_each=2)
    tickets = [placement.ask(f"{number}") for number in range(2 + 4)]
    with pytest.raises(EditError, match="4 edits wait already"):
        placement.ask("one more")
    placement.leave(tickets[-1])
    placement.ask("now there is a place")


def test_a_replica_that_has_to_come_back_is_no_reason_to_refuse() -> None:
    placement = Placement(waiting_each=2, least=2)
    placement.update({"a": 0, "b": 0})
    placement.lost("b")
    for number in range(1 + 4):
        placement.ask(f"{number}")
    with pytest.raises(EditError, match="4 edits wait already"):
        placement.ask("one more")


def test_an_edit_that_had_not_begun_loses_nothing_with_its_replica() -> None:
    placement = places("a", "b")
    ann, bob, waiting = (placement.ask(name) for name in ("ann", "bob", "cid"))
    placement.again(ann)
    assert ann.replica is None and placement.waiting == [ann, waiting]
    placement.leave(bob)
    assert ann.replica == bob.replica and waiting.replica is None


def test_where_other_front_ends_are_busy_is_avoided_but_not_shunned() -> None:
    placement = places("a", "b")
    placement.update({"a": 2, "b": 1})
    first, second, third = (placement.ask(name) for name in ("ann", "bob", "cid"))
    assert (first.replica, second.replica, third.replica) == ("b", "a", None)


def test_replicas_that_come_back_take_what_waits() -> None:
    placement = Placement(waiting_each=8)
    ticket = placement.ask("ann")
    assert ticket.replica is None
    placement.update({"a": 0})
    assert ticket.replica == "a"


@pytest.mark.parametrize("replicas", [1, 2, 4])
def test_forty_visitors_keep_every_replica_busy_and_none_is_passed_often(replicas: int) -> None:
    rng, names = random.Random(replicas), [f"replica {number}" for number in range(replicas)]
    placement = places(*names, waiting_each=40)
    running: list[tuple[float, int, Ticket]] = []
    visitors, served, now = [f"visitor {number}" for number in range(40)], 0, 0.0
    open_tickets: list[Ticket] = []
    for turn in range(2000):
        if len(open_tickets) < 40 and (rng.random() < 0.6 or not running):
            key = rng.choice([name for name in visitors if name not in {ticket.key for ticket in open_tickets}])
            open_tickets.append(placement.ask(key))
        else:
            now, _, over = heapq.heappop(running)
            placement.leave(over)
            open_tickets.remove(over)
            served += 1
        started = [ticket for _, _, ticket in running]
        for ticket in open_tickets:
            if ticket.replica and ticket not in started:
                heapq.heappush(running, (now + rng.uniform(1, 5), turn * 50 + len(running), ticket))
        at = [ticket.replica for _, _, ticket in running]
        assert len(set(at)) == len(at), "one edit at a replica"
        assert len(at) == replicas or not placement.waiting, "no replica is idle while somebody waits"
        assert all(ticket.overtaken <= OVERTAKEN for ticket in open_tickets)
    assert served > 500
