"""From answers to results: which answers count for what, who is flagged, what people agree on."""

from dataclasses import replace

import numpy as np
import pytest

from refedit.errors import EditError
from refedit.study.analysis.agreement import agreement, krippendorff, repeats
from refedit.study.analysis.analysis import analyse, votes_of
from refedit.study.analysis.measured import Correlation, Measured
from refedit.study.analysis.people import Flag, Rules, participants
from refedit.study.analysis.planted import Planted, averaged, drawn_votes
from refedit.study.analysis.power import grid, preferring
from refedit.study.data.definition import Definition
from refedit.study.data.pairs import Side
from refedit.study.data.records import AnswerRow
from refedit.study.data.said import Choice, Source
from tests.study.answered import check, row, rows_of, study

PLANTED = Planted(strengths={"specref": 0.0, "words": -1.0, "other": -2.0}, side=0.2)


@pytest.fixture(scope="module")
def rows() -> list[AnswerRow]:
    return rows_of(drawn_votes(PLANTED, 20, 12, 12, np.random.default_rng(0)))


def test_answers_come_to_what_their_votes_come_to(rows: list[AnswerRow]) -> None:
    votes = drawn_votes(PLANTED, 20, 12, 12, np.random.default_rng(0))
    (found,) = analyse(study(), rows).everyone
    assert (found.votes, found.people, found.cases) == (240, 20, 12)
    assert found.strengths == votes.strengths() and found.strengths is not None
    assert all(found.strengths.arms[arm].holds(truth) for arm, truth in averaged(PLANTED).strengths.items() if truth)
    for result in found.pairs:
        between = votes.between(result.pair)
        assert result.share == between.share()
        assert result.first + result.second + result.ties == len(between)
        assert result.first + result.ties / 2 == pytest.approx(result.share.value * len(between))
        assert result.holm is not None and result.share.p is not None and result.holm >= result.share.p
    assert found.left.value > 0.5 and found.strengths.side.value > 0


def test_the_side_says_nothing_about_the_arms(rows: list[AnswerRow]) -> None:
    swapped = {Choice.LEFT: Choice.RIGHT, Choice.RIGHT: Choice.LEFT, Choice.NONE: Choice.NONE}
    turned = [replace(item, left=item.left.other, choice=swapped[item.choice]) for item in rows]
    (before,), (after,) = analyse(study(), rows).everyone, analyse(study(), turned).everyone
    assert [result.share for result in before.pairs] == [result.share for result in after.pairs]
    assert before.strengths is not None and after.strengths is not None
    assert after.strengths.side.value == pytest.approx(-before.strengths.side.value)
    assert before.agreement == after.agreement


def test_checks_repeats_and_tests_are_no_votes(rows: list[AnswerRow]) -> None:
    more = [
        check(person="p000", position=90),
        row(person="p000", position=91, repeats=0),
        row(person="me", position=0, source=Source.TEST),
    ]
    before, after = analyse(study(), rows), analyse(study(), [*rows, *more])
    assert after.everyone[0].pairs == before.everyone[0].pairs
    assert {person.person for person in after.people} == {person.person for person in before.people}


def test_nothing_to_analyse_is_an_error() -> None:
    for nothing in ([], [check()], [row(source=Source.TEST)]):
        with pytest.raises(EditError, match="Nobody has answered"):
            analyse(study(), nothing)


def test_flagged_people_are_left_out_of_the_second_results_only(rows: list[AnswerRow]) -> None:
    failing = [check(right=False, person=f"p{number:03}", position=90) for number in range(3)]
    found = analyse(study(), [*rows, *failing])
    assert [person.person for person in found.flagged] == ["p000", "p001", "p002"]
    assert found.unflagged is not None and found.everyone[0].people == 20 and found.unflagged[0].people == 17
    rest = [item for item in rows if item.person not in ("p000", "p001", "p002")]
    assert found.unflagged[0].pairs == analyse(study(), rest).everyone[0].pairs
    assert analyse(study(), rows).unflagged is None


def test_a_check_without_preference_is_not_failed() -> None:
    answers = [check(right=None, position=0), check(position=1), row(position=2)]
    (person,) = participants(answers, Rules())
    assert (person.checks, person.checks_failed, person.flags) == (2, 0, ())
    wrong = [check(right=False, position=place) for place in range(2)]
    (person,) = participants([*answers, *wrong], Rules(failed_checks=1))
    assert person.checks_failed == 2 and person.flags == (Flag.CHECKS,)
    assert participants([*answers, *wrong], Rules(failed_checks=2))[0].flags == ()


def test_a_check_is_right_wherever_the_truth_stands() -> None:
    swapped = replace(check(right=False), left=Side.SECOND, choice=Choice.RIGHT)
    (person,) = participants([swapped], Rules())
    assert person.checks_failed == 0


def test_people_are_flagged_for_time_that_they_could_see_and_for_one_side() -> None:
    hidden = [row(ms=4000, hidden_ms=3500, position=place) for place in range(3)]
    assert participants(hidden, Rules())[0].flags == (Flag.FAST,)
    left = [row(position=place) for place in range(12)]
    assert participants(left, Rules())[0].flags == (Flag.ONE_SIDE,)
    undecided = [row(position=place, choice=Choice.NONE) for place in range(12)]
    assert participants([*left[:11], *undecided], Rules())[0].flags == ()


def test_in_a_live_study_everybodys_every_edit_is_a_case() -> None:
    live = study_live()
    answers = [row(person=person, case="own", prompt="", showing=place) for person in "ab" for place in range(3)]
    votes, names = votes_of(answers, live)
    assert len(set(votes.cases.tolist())) == 6 and len(names) == 6


def study_live() -> Definition:
    arms = {name: arm for name, arm in study().arms.items() if name == "specref"}
    return replace(study(), kind="live", cases=None, arms=arms | {"words": arms["specref"]})


@pytest.mark.parametrize(
    ("counts", "alpha"),
    [
        ([[3, 0], [0, 3], [2, 0]], 1.0),
        ([[1, 1], [1, 1], [1, 1]], -2 / 3),
        ([[3, 0], [3, 0]], None),
        ([[1, 0], [0, 1]], None),
    ],
)
def test_alpha_is_one_if_all_agree_and_unknown_without_difference(counts: list[list[int]], alpha: float | None) -> None:
    assert krippendorff(np.array(counts)) == (None if alpha is None else pytest.approx(alpha))


def test_alpha_is_krippendorffs_own_example() -> None:
    # Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section C: four observers, 12 units.
    told = ["123321412***", "1233224125*3", "*3332342251*", "12332441251*"]
    counts = [[sum(line[unit] == str(value) for line in told) for value in range(1, 6)] for unit in range(12)]
    assert krippendorff(np.array(counts)) == pytest.approx(0.743, abs=5e-4)


def test_agreement_is_about_results_and_not_about_sides() -> None:
    swapped = {"left": Side.SECOND, "choice": Choice.RIGHT}
    answers = [row(person="a"), row(person="b", **swapped), row(person="a", pair="1", choice=Choice.RIGHT)]
    answers += [row(person="b", pair="1", left=Side.SECOND, choice=Choice.LEFT)]
    assert agreement(answers) == 1.0


def test_a_repeat_is_said_again_if_the_same_result_is_chosen() -> None:
    def twice(person: str, case: str, second: Choice) -> list[AnswerRow]:
        same = {"person": person, "case": case, "pair": case}
        return [row(position=0, **same), row(position=5, repeats=0, left=Side.SECOND, choice=second, **same)]

    answers = [item for person in "abc" for item in twice(person, f"case-{person}", Choice.RIGHT)]
    answers += twice("d", "case-d", Choice.LEFT)
    found = repeats(answers)
    assert found is not None and found[1] == 4 and found[0].value == 0.75
    assert repeats([row()]) is None


def measured(nearer: str) -> Measured:
    """One arm is always nearer to the truth, by a little more on every case."""
    return {
        f"case-{case:02}": {
            arm: {"distance": 0.2 + (0 if arm == nearer else 0.1 + 0.01 * case)} for arm in PLANTED.arms
        }
        for case in range(12)
    }


def test_preference_is_put_beside_measured_distances(rows: list[AnswerRow]) -> None:
    (for_it,) = analyse(study(), rows, measured("specref")).everyone
    (against,) = analyse(study(), rows, measured("other")).everyone
    found, other = for_it.correlation, against.correlation
    assert isinstance(found, Correlation) and isinstance(other, Correlation)
    assert found.estimate.value > 0.3 > -0.3 > other.estimate.value
    right, points = found.alike
    assert right > points / 2 and other.alike[0] < other.alike[1] / 2
    (unknown,) = analyse(study(), rows, {"case-01": measured("specref")["case-01"]}).everyone
    assert unknown.correlation is None


@pytest.mark.long
def test_power_grows_with_people_and_with_cases_and_none_is_found_where_there_is_none() -> None:
    plain = Planted(strengths={})
    planted = preferring(("a", "b"), 0.7, plain)
    few, more_cases, more_people, most = grid(planted, [8, 24], [6, 24], trials=24, studies=40)
    assert few.power < most.power and few.reach > max(more_cases.reach, more_people.reach) > most.reach
    (nothing,) = grid(preferring(("a", "b"), 0.5, plain), [20], [12], trials=12, studies=100)
    assert nothing.power <= 0.1


def test_a_preference_that_ties_do_not_allow_is_an_error() -> None:
    with pytest.raises(EditError, match="between 0.5 and 0.7"):
        preferring(("a", "b"), 0.9, Planted(strengths={}, ties=0.5))
