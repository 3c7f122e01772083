"""An analysis as Markdown."""

from collections.abc import Iterator, Mapping

from refedit.reporting.document import markdown
from refedit.study.analysis.analysis import Analysis, Answered
from refedit.study.analysis.planted import Planted
from refedit.study.analysis.tables import both, facts, headline, people, planted_in, shares, strengths, who
from refedit.study.analysis.wording import NOTE, TERMS

SIMULATED = "These people are made up: `study simulate` sent them. Nobody was asked."


def summary(analysis: Analysis, tallies: Mapping[str, int], planted: Planted | None = None) -> str:
    """The whole summary; `planted` is what simulated people were made with."""
    parts = [f"# Results: {analysis.definition.title}\n"]
    parts += [f"{SIMULATED}\n"] if planted else []
    parts += ["## Who took part\n", *(f"- {told}" for told in who(analysis, tallies)), ""]
    for name, results in both(analysis):
        for answered in results:
            parts += [f"## {answered.question.text} ({name})\n", *_question(answered, planted_in(planted, name)), ""]
    parts += ["## People\n", markdown(*people(analysis)), ""]
    parts += [f"## How to read it\n\n{NOTE}\n", *(f"- {term}: {meaning}" for term, meaning in TERMS), ""]
    return "\n".join(parts)


def _question(answered: Answered, planted: Planted | None) -> Iterator[str]:
    yield from (f"- {told}" for told in (*headline(answered), *facts(answered)))
    yield "\n" + markdown(*shares(answered))
    columns, rows = strengths(answered, planted)
    if rows:
        yield "\n" + markdown(columns, rows)
