"""An analysis as sentences and tables of text: what page and summary both show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from refedit.study.analysis.analysis import Analysis, Answered
from refedit.study.analysis.fits import LEVEL
from refedit.study.analysis.planted import Planted, averaged
from refedit.study.analysis.wording import counted, number_cell, p_cell, percent, seconds, share_cell

Table = tuple[list[str], list[list[str]]]
"""The names of columns, and rows."""
PLANTED = "planted"


def headline(answered: Answered) -> Iterator[str]:
    """A sentence for each pair of arms, the one that was chosen more often first."""
    for result in answered.pairs:
        (first, second), share = result.pair, result.share
        if share.value < 0.5:
            first, second, share = second, first, share.rest()
        known = result.holm is not None and result.holm < 1 - LEVEL
        told = f"{first} is preferred to {second}" if known else f"{first} and {second} are not told apart"
        yield f"{told}: {first} was chosen in {share_cell(share)} of the votes, p {_equal(p_cell(result.holm))}."


def _equal(p: str) -> str:
    return {"-": "is not known"}.get(p, p if p.startswith("<") else f"= {p}")


def who(analysis: Analysis, tallies: Mapping[str, int]) -> list[str]:
    """Sentences about who took part."""
    people, flagged = analysis.people, analysis.flagged
    finished = sum(person.finished for person in people)
    answers = sum(person.answers for person in people)
    told = [
        f"{counted(len(people), 'person', 'people')} gave {counted(answers, 'answer')}; {finished} of them finished.",
        f"{counted(len(flagged), 'person is', 'people are')} flagged. The rules: {analysis.rules}.",
    ]
    if any(tallies.values()):
        said = [f"{tallies.get(name, 0)} {word}" for name, word in _AWAY.items()]
        told.append(f"Of others, {', '.join(said)}.")
    return told


_AWAY = {"refused": "did not agree", "screened": "came too late", "withdrawn": "withdrew"}


def facts(answered: Answered) -> list[str]:
    """Sentences about a question's votes."""
    told = [
        f"{counted(answered.votes, 'vote')} of {counted(answered.people, 'person', 'people')} on "
        f"{counted(answered.cases, 'case')}; half of them took less than {seconds(answered.median_ms)}.",
        f"The left picture was chosen in {share_cell(answered.left)}.",
    ]
    if answered.agreement is not None:
        told.append(f"Agreement between people (alpha): {answered.agreement:.2f}.")
    if answered.repeated:
        same, times = answered.repeated
        told.append(f"Said again when a pair came back: {share_cell(same)} of {times}.")
    if answered.correlation:
        right, points = answered.correlation.alike
        found = number_cell(answered.correlation.estimate)
        told.append(
            f"Beside measured distances: the result nearer to the truth was chosen more often in {right} of {points} "
            f"comparisons on a case; rank correlation {found}."
        )
    if answered.strengths is None:
        told.append("Strengths cannot be told: some votes were all one way, or the arms were not all compared.")
    return told


def shares(answered: Answered) -> Table:
    """A row for each pair of arms."""
    columns = [
        *("arms", "votes", "first", "second", "no preference", "share of the first"),
        *("if votes were independent", "p (Holm)"),
    ]
    rows = [
        [
            " over ".join(result.pair),
            str(result.first + result.second + result.ties),
            *map(str, (result.first, result.second, result.ties)),
            share_cell(result.share),
            share_cell(result.independent),
            p_cell(result.holm),
        ]
        for result in answered.pairs
    ]
    return columns, rows


def strengths(answered: Answered, planted: Planted | None = None) -> Table:
    """A row for each arm and one for the side; `planted` is what simulated people were made with."""
    columns = ["arm", "strength over the first", *([PLANTED] if planted else [])]
    if answered.strengths is None:
        return columns, []
    truth = averaged(planted) if planted else None
    truths = {**truth.strengths, "": truth.side} if truth else {}
    estimates = {**answered.strengths.arms, "": answered.strengths.side}
    rows = [
        [arm or "(left side)", number_cell(found), *([f"{truths[arm]:.2f}"] if planted else [])]
        for arm, found in estimates.items()
    ]
    return columns, rows


def people(analysis: Analysis) -> Table:
    """A row for each person."""
    columns = ["person", "came by", "answers", "finished", "checks failed", "median time", "one side", "flagged"]
    rows = [
        [
            person.person,
            str(person.source),
            str(person.answers),
            "yes" if person.finished else "no",
            f"{person.checks_failed} of {person.checks}",
            seconds(person.median_ms),
            percent(person.one_side),
            ", ".join(person.flags),
        ]
        for person in analysis.people
    ]
    return columns, rows


EVERYONE, UNFLAGGED = "everyone", "without those who are flagged"


def both(analysis: Analysis) -> Sequence[tuple[str, tuple[Answered, ...]]]:
    """The results by whom they are of: everyone, and those who are not flagged."""
    sets = [(EVERYONE, analysis.everyone)]
    if analysis.unflagged is not None:
        sets.append((UNFLAGGED, analysis.unflagged))
    return sets


def planted_in(planted: Planted | None, name: str) -> Planted | None:
    """What the people of a set were made with: those who click at random are meant to be flagged."""
    return replace(planted, careless=0.0) if planted and name == UNFLAGGED else planted
