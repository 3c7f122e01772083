"""Reads a study's folder, analyses it, and writes the report and its tables."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from refedit.study.analysis.analysis import Analysis, Answered, analyse
from refedit.study.analysis.fits import Estimate
from refedit.study.analysis.measured import read_measured
from refedit.study.analysis.people import Rules
from refedit.study.analysis.planted import read_planted
from refedit.study.analysis.report import case_pictures, page
from refedit.study.analysis.summary import summary
from refedit.study.analysis.tables import both, headline
from refedit.study.data import records
from refedit.study.data.definition import read_definition
from refedit.study.data.export import csv_text
from refedit.study.data.pairs import read_built

RESULTS: Mapping[str, str] = {
    "question": "the question's id",
    "people": "whose answers: everyone's, or those of people who are not flagged",
    "what": (
        "share (of the first arm), independent (the same with Wilson's interval, as if votes were independent), "
        "strength (log odds of the first over the second), left (share of the left picture), side (its log odds), "
        "agreement (Krippendorff's alpha), repeats (share answered alike), correlation (of preference and nearness)"
    ),
    "first": "the first arm, where two are compared",
    "second": "the second arm",
    "value": "the estimate",
    "low": "the lower end of its 95 % interval; empty if it cannot be known",
    "high": "the upper end",
    "p": "of no difference; empty if it cannot be known",
    "holm": "p adjusted for the number of pairs of arms; of shares only",
    "votes": "how many votes it rests on",
}
PEOPLE: Mapping[str, str] = {
    "person": "a random name of the person within this study",
    "source": "how the person came",
    "finished": "1 if the person answered everything",
    "answers": "how many answers there are",
    "checks": "how many of them are to checks",
    "checks_failed": "how many of those are wrong; no preference is not wrong",
    "median_ms": "the median time of an answer in milliseconds, without the time in which the page was hidden",
    "one_side": "the larger side's share of the answers that chose one",
    "flags": "why the person is flagged, empty if not",
}


def write_analysis(folder: Path, out: Path, rules: Rules, pictures: bool = True) -> Iterator[str]:
    """Writes report.html, report.md, results.csv, people.csv and codebook.json; gives the headlines and the files.

    EditError if there is no study, nothing was answered, or the answers are to another study.yaml.
    """
    definition, db = read_definition(folder), records.open_records(folder)
    records.check_same(db, definition)
    rows, tallies, planted = records.answers(db), records.tallies(db), read_planted(folder)
    analysis = analyse(definition, rows, read_measured(folder), rules)
    shown = case_pictures(read_built(folder, definition), rows, definition, folder) if pictures else []
    files = {
        "report.html": page(analysis, tallies, shown, planted),
        "report.md": summary(analysis, tallies, planted),
        "results.csv": csv_text(list(RESULTS), results(analysis)),
        "people.csv": csv_text(list(PEOPLE), people(analysis)),
        "codebook.json": json.dumps({"results": RESULTS, "people": PEOPLE}, indent=1) + "\n",
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (out / name).write_text(text, "utf-8", newline="")
    for answered in analysis.everyone:
        yield answered.question.text
        yield from (f"  {told}" for told in headline(answered))
    yield from (str(out / name) for name in files)


def results(analysis: Analysis) -> list[list[object]]:
    """All estimates, one a row, with the columns of `RESULTS`."""
    return [
        [answered.question.id, name, *row]
        for name, sets in both(analysis)
        for answered in sets
        for row in _estimates(answered)
    ]


def _estimates(answered: Answered) -> Iterator[list[object]]:
    for result in answered.pairs:
        votes = result.first + result.second + result.ties
        yield _row("share", result.pair, result.share, votes, result.holm)
        yield _row("independent", result.pair, result.independent, votes)
    if answered.strengths:
        for pair, found in answered.strengths.differences.items():
            yield _row("strength", pair, found, answered.votes)
        yield _row("side", ("", ""), answered.strengths.side, answered.votes)
    yield _row("left", ("", ""), answered.left, answered.votes)
    if answered.agreement is not None:
        yield _row("agreement", ("", ""), Estimate(value=answered.agreement), answered.votes)
    if answered.repeated:
        yield _row("repeats", ("", ""), *answered.repeated)
    if answered.correlation:
        yield _row("correlation", ("", ""), answered.correlation.estimate, answered.votes)


def _row(what: str, pair: tuple[str, str], found: Estimate, votes: int, holm: float | None = None) -> list[object]:
    return [what, *pair, found.value, found.low, found.high, found.p, holm, votes]


def people(analysis: Analysis) -> list[list[object]]:
    """Everybody who answered, with the columns of `PEOPLE`."""
    return [
        [*(getattr(person, name) for name in PEOPLE if name != "flags"), "; ".join(person.flags)]
        for person in analysis.people
    ]
