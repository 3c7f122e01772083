"""Who sees what, in which order, and what stands on the left: decided once, when a person agrees to take part.

Pairs that were shown least come first, so that shown counts differ by one at most, for any number of people. Sides are
dealt by rank: of a person's pairs, the half that stood on the left most often gets its sides swapped. So exactly half
of every person's pairs have their first result on the left. Repeats count as neither. (Our choice; a Latin square
would ask for a fixed number of people.)
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from refedit.study.data.definition import Definition
from refedit.study.data.pairs import Pair, PairKind, Side


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How often each pair was shown to others, and how often with its first result on the left, by the pair's id."""

    times: Mapping[str, int] = field(default_factory=dict)
    first_left: Mapping[str, int] = field(default_factory=dict)

    def lead(self, pair: Pair) -> int:
        """By how much its first result stood more often on the left than on the right."""
        return 2 * self.first_left.get(pair.id, 0) - self.times.get(pair.id, 0)


@dataclass(frozen=True)
class Showing:
    """A pair on the screen; `repeats` is the earlier showing of the same pair, None of a first one."""

    pair: Pair
    left: Side
    repeats: "Showing | None" = None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One question about one showing, at a position from 0; `repeats` is the position of the same question before."""

    position: int
    showing: int
    pair: Pair
    question: str
    left: Side
    repeats: int | None


def assign(pairs: Sequence[Pair], shown: Shown, definition: Definition, seed: int) -> tuple[Trial, ...]:
    """The trials of one person in their order; the same for the same arguments."""
    rng = Random(seed)
    if definition.kind == "live":
        chosen = _live(pairs, shown, definition.trials, rng)
        return _asked(dealt(list(chosen), shown, rng), definition)
    chosen = least_shown(_of(pairs, PairKind.PAIR), shown, definition.trials, rng)
    showings = dealt(chosen, shown, rng)
    rng.shuffle(showings)
    repeated = _to_repeat(showings, definition.repeats, rng)
    checks = dealt(least_shown(_of(pairs, PairKind.CHECK), shown, definition.checks, rng), shown, rng)
    for check in checks:
        showings.insert(rng.randint(min(2, len(showings)), len(showings)), check)
    for earlier in repeated:
        first = max(showings.index(earlier) + 1, len(showings) // 2)
        again = Showing(earlier.pair, earlier.left.other, repeats=earlier)
        showings.insert(rng.randint(first, len(showings)), again)
    return _asked(showings, definition)


def least_shown(pairs: Iterable[Pair], shown: Shown, count: int, rng: Random) -> list[Pair]:
    """So many of the pairs that were shown least; among equals, those whose case and arms the person has least of."""
    left, chosen = list(pairs), list[Pair]()
    cases, arms, lead = Counter[str](), Counter[tuple[str, str]](), 0
    rng.shuffle(left)

    def rank(pair: Pair) -> tuple[int, ...]:
        return shown.times.get(pair.id, 0), cases[pair.case], abs(lead + shown.lead(pair)), arms[pair.arms]

    for _ in range(count):
        best = min(left, key=rank)
        left.remove(best)
        chosen.append(best)
        cases[best.case] += 1
        arms[best.arms] += 1
        lead += shown.lead(best)  # as many that want their sides swapped as others, so that both can be had
    return chosen


def dealt(pairs: Sequence[Pair], shown: Shown, rng: Random) -> list[Showing]:
    """The pairs with their sides, in an order of their own; of an odd number, the middle one's rank decides."""
    ranked = sorted(pairs, key=lambda pair: (shown.lead(pair), rng.random()))
    half = len(ranked) // 2
    if len(ranked) % 2 and shown.lead(ranked[half]) < rng.randint(0, 1):
        half += 1
    return [Showing(pair, Side.FIRST if place < half else Side.SECOND) for place, pair in enumerate(ranked)]


def _live(pairs: Sequence[Pair], shown: Shown, count: int, rng: Random) -> Iterable[Pair]:
    """The same few pairs of arms again and again, each as often as the others."""
    while count > 0:
        some = least_shown(pairs, shown, min(count, len(pairs)), rng)
        count -= len(some)
        yield from some


def _of(pairs: Iterable[Pair], kind: PairKind) -> list[Pair]:
    return [pair for pair in pairs if pair.kind is kind]


def _to_repeat(showings: Sequence[Showing], count: int, rng: Random) -> list[Showing]:
    """Early ones, so that others come between, and as many of either side as can be."""
    early = list(showings[: max(count, len(showings) // 2)])
    rng.shuffle(early)
    sides = {side: [showing for showing in early if showing.left is side] for side in Side}
    turns = [*Side] if rng.random() < 0.5 else [*Side][::-1]
    chosen: list[Showing] = []
    while len(chosen) < count:
        side = turns[len(chosen) % 2]
        chosen.append((sides[side] or sides[side.other]).pop())
    return chosen


def _asked(showings: Sequence[Showing], definition: Definition) -> tuple[Trial, ...]:
    """Every question about every showing, but of a check only the first: it is the one whose answer is known."""
    trials: list[Trial] = []
    positions: dict[tuple[int, str], int] = {}
    for number, showing in enumerate(showings):
        questions = definition.questions[: 1 if showing.pair.kind is PairKind.CHECK else None]
        for question in questions:
            position = len(trials)
            positions[id(showing), question.id] = position
            earlier = positions[id(showing.repeats), question.id] if showing.repeats else None
            trial = Trial(
                position=position, showing=number, pair=showing.pair, question=question.id, left=showing.left,
                repeats=earlier,
            )  # fmt: skip
            trials.append(trial)
    return tuple(trials)
