"""Benchmark cases: decided by their seeds, with a truth that the prompts don't give away."""

import pytest

from refedit.bench.commands import KINDS
from refedit.bench.evidence_commands import SETS
from refedit.bench.experiment.cases import CASE_SETS, POSE, REFERENCE, RIGID, CaseKind, case_at
from refedit.bench.experiment.painting import Painting
from refedit.methods import Baret, SpecRef
from refedit.picturebook.world.factors import FACTORS, factors_of
from refedit.picturebook.world.true_edits import changed_region

NUMBERS = range(8)


@pytest.mark.parametrize("kind", CaseKind)
def test_a_case_is_decided_by_set_kind_and_number(kind: CaseKind) -> None:
    seen = [case_at(which, kind, number) for which in ("development", "test") for number in NUMBERS]
    assert seen[: len(NUMBERS)] == [case_at("development", kind, number) for number in NUMBERS]
    assert all(first != second for place, first in enumerate(seen) for second in seen[:place])


def test_the_command_line_offers_every_set_and_kind() -> None:
    assert SETS == tuple(CASE_SETS) and KINDS == tuple(CaseKind)


@pytest.mark.parametrize("kind", CaseKind)
def test_only_the_changed_factors_differ(kind: CaseKind) -> None:
    for number in NUMBERS:
        case = case_at("test", kind, number)
        before, after = factors_of(case.source), factors_of(case.result)
        assert case.changed == tuple(name for name in FACTORS if before[name] != after[name]) != ()
        assert case.source.subjects[0].size == case.result.subjects[0].size


def test_a_reference_shows_what_no_prompt_says() -> None:
    for number in NUMBERS:
        case = case_at("test", REFERENCE, number)
        assert case.reference is not None and {"colour", "pattern"} <= set(case.changed)
        request = case.request(SpecRef(), 32)
        look = factors_of(case.result)
        said = request.prompt.split() + request.source_prompt.split()
        assert look["colour"] not in said and look["pattern"] not in said
        assert ("kind" in case.changed) == (number % 2 == 1 and look["kind"] != "face")


@pytest.mark.parametrize("kind", CaseKind)
def test_the_painted_region_covers_the_true_change(kind: CaseKind) -> None:
    for number in NUMBERS:
        case = case_at("test", kind, number)
        region = case.request(Baret(), 64).region
        assert case.request(Baret(), 64, Painting.WORDS).region is None
        if region is not None:
            changed = changed_region(case.source, case.result, 64)
            # Soft shadows on the ground reach a little further than what a person paints.
            assert (changed & (region.values < 0.5)).mean() < 0.06
        assert (region is None) == bool({"background", "style"} & set(case.changed))


def test_rigid_cases_take_turns_and_prompts_say_the_new_word() -> None:
    assert [case_at("test", RIGID, number).changed[0] for number in range(3)] == ["colour", "background", "style"]
    for kind in (POSE, RIGID):
        case = case_at("test", kind, 0)
        words = set(case.request(Baret(), 32).prompt.split()) - set(case.request(Baret(), 32).source_prompt.split())
        assert factors_of(case.result)[case.changed[0]] in words
