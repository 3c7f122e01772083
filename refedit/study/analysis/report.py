"""An analysis as one page that needs nothing else: results, figures, people, pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import chain
from pathlib import Path

from refedit.imaging.images import read_picture
from refedit.reporting.document import data_uri, document, legend, plain_table
from refedit.study.analysis.analysis import Analysis, Answered, votes_of
from refedit.study.analysis.charts import Bar, beside, intervals, span_with
from refedit.study.analysis.people import counted, main_answers
from refedit.study.analysis.planted import Planted
from refedit.study.analysis.summary import SIMULATED
from refedit.study.analysis.tables import both, facts, headline, people, planted_in, shares, strengths, who
from refedit.study.analysis.wording import NOTE, TERMS, percent
from refedit.study.data.definition import Definition, Question
from refedit.study.data.pairs import PICTURES, Built, PairKind
from refedit.study.data.records import AnswerRow

SIDE = 128
"""Pixels of a picture on the page."""
STYLE = """
.zero { stroke: currentColor; stroke-dasharray: 4 3; opacity: .6 } svg text.label { font-size: 12px }
figure { vertical-align: top } .wide { margin-bottom: 1rem } .strip div { overflow-wrap: anywhere }
.head { font-size: 1.1rem } .note { color: var(--open) }
.made-up { border-left: 4px solid var(--fails); padding: .3rem 1rem }
"""


@dataclass(frozen=True, kw_only=True)
class CasePictures:
    """One case on the page: what was given and what each arm made of it, with how often that was chosen, as texts."""

    name: str
    prompt: str
    pictures: Sequence[tuple[str, Path]]


def page(
    analysis: Analysis,
    tallies: Mapping[str, int],
    pictures: Sequence[CasePictures] = (),
    planted: Planted | None = None,
) -> str:
    """The whole page; `planted` is what simulated people were made with."""
    title = f"Results: {analysis.definition.title}"
    parts = [f"<h1>{escape(title)}</h1>"]
    parts += [f'<p class="made-up"><strong>{escape(SIMULATED)}</strong></p>'] if planted else []
    parts += [f"<p>{escape(told)}</p>" for told in who(analysis, tallies)]
    parts.append(legend([name for name, _ in both(analysis)]))
    for answered in analysis.everyone:
        parts += _question(analysis, answered.question, planted)
    everybody = f"<details><summary>Everybody, one by one</summary>{plain_table(*people(analysis))}</details>"
    parts += ["<h2>People</h2>", everybody, *_cases(pictures), *_reading()]
    return document(f"RefEdit study: {analysis.definition.name}", parts, STYLE)


def _question(analysis: Analysis, question: Question, planted: Planted | None) -> Iterator[str]:
    """A question's results: headline and figures of both sets of people, then the tables of each."""
    sets = [(name, found) for name, results in both(analysis) for found in results if found.question == question]
    first = sets[0][1]
    yield f"<h2>{escape(first.question.text)}</h2>"
    yield "".join(f'<p class="head">{escape(told)}</p>' for told in headline(first))
    yield _share_chart([answered for _, answered in sets])
    yield _strength_chart([answered for _, answered in sets])
    if first.correlation:
        yield beside("Preference beside nearness to the truth, case by case", first.correlation)
    for name, answered in sets:
        yield f"<h3>{escape(name.capitalize())}</h3>"
        yield "".join(f"<p>{escape(told)}</p>" for told in facts(answered))
        yield plain_table(*shares(answered))
        columns, rows = strengths(answered, planted_in(planted, name))
        yield plain_table(columns, rows) if rows else ""


def _share_chart(sets: Sequence[Answered]) -> str:
    by_pair = [{result.pair: result for result in answered.pairs} for answered in sets]
    bars = [
        Bar(label=" over ".join(pair), estimates=[some[pair].share.times(100) for some in by_pair])
        for pair in by_pair[0]
        if all(pair in some for some in by_pair)
    ]
    return intervals("How often the first was chosen", "%", bars, 50.0, (0.0, 100.0))


def _strength_chart(sets: Sequence[Answered]) -> str:
    known = [answered.strengths for answered in sets if answered.strengths]
    if not known:
        return ""
    bars = [Bar(label=arm, estimates=[found.arms[arm] for found in known]) for arm in known[0].arms]
    bars.append(Bar(label="(left side)", estimates=[found.side for found in known]))
    span = span_with(list(chain.from_iterable(bar.estimates for bar in bars)), 0.0)
    return intervals("Strength over the first arm", "log odds", bars, 0.0, span)


def case_pictures(built: Built, rows: Sequence[AnswerRow], definition: Definition, folder: Path) -> list[CasePictures]:
    """Every case with its pictures, and each arm's share on it in the first question."""
    found: dict[str, dict[str, tuple[str, Path]]] = {}
    prompts = {pair.case: pair.prompt for pair in built.pairs}
    wins = _shares(rows, definition)
    for pair in built.pairs:
        if pair.kind is PairKind.PAIR and pair.first:
            given = {"source": pair.source, "reference": pair.reference}
            results = {pair.first_arm: pair.first, pair.second_arm: pair.second}
            for label, picture in {**given, **results}.items():
                if picture:
                    told = f"{label} {percent(wins[pair.case, label])}" if (pair.case, label) in wins else label
                    found.setdefault(pair.case, {})[label] = told, folder / PICTURES / f"{picture}.png"
    return [
        CasePictures(name=case, prompt=prompts[case], pictures=list(shown.values())) for case, shown in found.items()
    ]


def _shares(rows: Sequence[AnswerRow], definition: Definition) -> dict[tuple[str, str], float]:
    """By case and arm, how often the arm was chosen there, ties as a half; of the first question."""
    main = [row for row in main_answers(counted(rows)) if row.question == definition.questions[0].id]
    if not main:
        return {}
    votes, names = votes_of(main, definition)
    sums: dict[tuple[str, str], list[float]] = {}
    for case, left, right, score in zip(votes.cases, votes.left, votes.right, votes.scores, strict=True):
        sums.setdefault((names[case], votes.arms[left]), []).append(float(score))
        sums.setdefault((names[case], votes.arms[right]), []).append(1 - float(score))
    return {key: sum(scores) / len(scores) for key, scores in sums.items()}


def _cases(pictures: Sequence[CasePictures]) -> Iterator[str]:
    if not pictures:
        return
    yield "<h2>Cases</h2>"
    yield '<p class="note">Below each result: how often it was chosen on this case, in the first question.</p>'
    for case in pictures:
        shown = (
            f'<div><img src="{data_uri(read_picture(file), SIDE)}" alt="{escape(label)}">{escape(label)}</div>'
            for label, file in case.pictures
        )
        yield f'<h3>{escape(case.name)}: {escape(case.prompt)}</h3><div class="strip">{"".join(shown)}</div>'


def _reading() -> Iterator[str]:
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(meaning)}</dd>" for term, meaning in TERMS)
    yield f"<h2>How to read it</h2><p>{escape(NOTE)}</p><dl>{terms}</dl>"
