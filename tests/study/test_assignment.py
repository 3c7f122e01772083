"""Who sees what: even numbers for any number of people, and half of everybody's pairs either way round."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import pytest

from refedit.study.data.assignment import Shown, Trial, assign
from refedit.study.data.definition import BenchCases, Definition, MethodArm, Question
from refedit.study.data.pairs import Pair, PairKind, Side

ARMS = ("a", "b", "c")
CASES = 8
PEOPLE = 60


def study(trials: int, questions: int = 1) -> Definition:
    return Definition(
        v=1,
        name="x",
        contact="a@b",
        arms={name: MethodArm(method="specref") for name in ARMS},
        cases=BenchCases(from_="bench", kind="reference", numbers=f"0-{CASES - 1}"),
        questions=tuple(Question(id=f"q{number}", text="?") for number in range(questions)),
        trials=trials,
        checks=2,
        repeats=min(3, trials),
    )


def pairs() -> tuple[Pair, ...]:
    def pair(case: int, kind: PairKind, first: str, second: str) -> Pair:
        shown = {"first": "1", "second": "2", "source": "3"}
        known = Side.FIRST if kind is PairKind.CHECK else None
        name = f"{case}-{first}-{second}"
        return Pair(
            id=name, kind=kind, case=str(case), prompt="", first_arm=first, second_arm=second, expected=known, **shown
        )

    made = [pair(case, PairKind.PAIR, *arms) for case in range(CASES) for arms in combinations(ARMS, 2)]
    return (*made, *(pair(case, PairKind.CHECK, "truth", "source") for case in range(3)))


def first_showings(trials: Sequence[Trial], kind: PairKind) -> list[Trial]:
    seen = {trial.showing: trial for trial in reversed(trials) if trial.repeats is None and trial.pair.kind is kind}
    return list(seen.values())


def people(asked: Definition, seed: int) -> Iterator[tuple[tuple[Trial, ...], Counter[str], Counter[str]]]:
    """The trials of one person after the other, and what all have been shown by then."""
    times, first_left = Counter[str](), Counter[str]()
    for number in range(PEOPLE):
        trials = assign(pairs(), Shown(times=times, first_left=first_left), asked, seed * 1000 + number)
        for kind in PairKind:
            for trial in first_showings(trials, kind):
                times[trial.pair.id] += 1
                first_left[trial.pair.id] += trial.left is Side.FIRST
        yield trials, times, first_left


@pytest.mark.parametrize("trials", [2, 5, 12, 24])
def test_pairs_are_shown_equally_often_and_on_either_side(trials: int) -> None:
    asked, names = study(trials), [pair.id for pair in pairs() if pair.kind is PairKind.PAIR]
    for seed in range(2 if trials < 24 else 1):
        for own, times, first_left in people(asked, seed):
            shown = [times[name] for name in names]
            assert max(shown) - min(shown) <= 1
            assert all(abs(2 * first_left[name] - times[name]) <= 3 for name in names)
            sides = Counter(trial.left for trial in first_showings(own, PairKind.PAIR))
            assert sides.total() == trials and abs(sides[Side.FIRST] - sides[Side.SECOND]) == trials % 2


def test_everybody_is_asked_every_question_about_every_pair_and_repeats_swap_sides() -> None:
    asked = study(12, questions=2)
    for own, _, _ in people(asked, 7):
        assert [trial.position for trial in own] == list(range((12 + 3) * 2 + 2))
        assert len({trial.pair.id for trial in own if trial.pair.kind is PairKind.PAIR}) == 12
        checks = [trial for trial in own if trial.pair.kind is PairKind.CHECK]
        assert [trial.question for trial in checks] == ["q0", "q0"] and min(trial.position for trial in checks) > 1
        repeats = [trial for trial in own if trial.repeats is not None]
        assert len(repeats) == 6
        for trial in repeats:
            earlier = own[trial.repeats or 0]
            assert earlier.position < trial.position and earlier.left is trial.left.other
            assert (earlier.pair, earlier.question) == (trial.pair, trial.question) and earlier.repeats is None


def test_a_person_sees_as_many_different_cases_as_can_be() -> None:
    for own, _, _ in list(people(study(CASES), 3))[:3]:
        assert len({trial.pair.case for trial in first_showings(own, PairKind.PAIR)}) == CASES


def test_what_people_get_depends_on_their_seed_alone() -> None:
    one, two, three = (assign(pairs(), Shown(), study(12), seed) for seed in (1, 1, 2))
    assert one == two != three
