"""The page and the summary: what they hold, and that they hold nothing from elsewhere."""

import json
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from refedit.bench.experiment.cases import CaseKind
from refedit.bench.experiment.statistics import Interval
from refedit.bench.publish import PUBLISHED
from refedit.bench.report.chart import chart
from refedit.bench.report.page import page
from refedit.bench.report.strips import Strip
from refedit.bench.report.summary import comparison_tables, first_and_second, nearest, sentences, summary, verdict_table
from refedit.bench.report.wording import NOTE, TERMS, cell, label
from refedit.bench.suites.results import Results, merge_claims, read_results
from refedit.reporting.axes import Axes, ticks

ABOUT = {
    "model": "made up", "weights": "abc", "pixels": 64, "reader": True, "code": "0", "cores": 2, "device": "cpu",
    "name": "chip", "threads": 1, "torch": "2",
}  # fmt: skip
NUMBERS = Interval(mean=0.5, low=0.25, high=0.75, cases=24).to_json()
POINTS = [{"x": x, **NUMBERS} for x in (0.0, 0.5, 1.0)]
CURVE = {"title": "A <curve>", "x": "eta", "y": "chance", "lines": [{"label": "rising", "points": POINTS}]}


def claim(name: str, verdict: str = "holds", **fields: Any) -> dict[str, Any]:
    against = {"wider": {**NUMBERS, "low": 0.125}, "least": 0.02}
    findings = [
        {"what": "only reported", "interval": NUMBERS, "decision": ""},
        {"what": "gained & won", "interval": NUMBERS, "decision": verdict, **against},
    ]
    plain = {
        "name": name,
        "statement": f"Statement of {name}.",
        "source": "paper",
        "falsifier": "no gain",
        "limits": "",
        "revised": "",
    }
    return {**plain, "verdict": verdict, "reason": "", "findings": findings, "curves": [CURVE], **fields}


def row(reading: str, method: str = "SpecRef recommended", **fields: Any) -> dict[str, Any]:
    return {"kind": "reference", "method": method, "reading": reading, **NUMBERS, **fields}


def results() -> Results:
    claims = {"about": ABOUT, "set": "test", "cases": 24, "claims": [claim("S1"), claim("B2", "fails")]}
    rows = [row("right colour pattern"), row("inside"), row("rows", mean=None)]
    differences = [row("distance", method="plain DDIM", own="SpecRef recommended")]
    comparison = {"rows": rows, "differences": differences, "worst": {"reference": [3]}, "cases": 24}
    return Results(claims=claims, comparison={"about": ABOUT, "set": "test", **comparison})


def test_a_page_holds_tables_curves_and_pictures_and_needs_nothing_else() -> None:
    strip = Strip(CaseKind.REFERENCE, 3, "a <cat>", True, (("source", Image.new("RGB", (256, 256), "red")),))
    found = page(results(), [strip])
    assert "Statement of S1." in found and '<strong class="fails">fails</strong>' in found
    assert "50 (25 to 75)" in found and "SpecRef recommended less plain DDIM" in found
    assert "Replace by a reference, case 3, among the worst: a &lt;cat&gt;" in found
    assert 'src="data:image/webp;base64,' in found
    assert "All readings: Replace by a reference" in found
    assert found.count("<svg") == 2 and "A &lt;curve&gt;" in found and "gained &amp; won" in found
    assert "prefers-color-scheme: dark" in found
    assert not any(word in found for word in ("http", "<script", "url(", "@import", "<link"))


def test_a_page_without_pictures_says_so() -> None:
    assert "No pictures were made for this page." in page(results(), [])
    alone = page(Results(claims=results().claims, comparison=None), [])
    assert "Comparison" not in alone and "Statement of B2." in alone


def test_what_is_published_becomes_a_page_though_an_earlier_version_made_it() -> None:
    published = read_results(PUBLISHED)
    found = page(published, [])
    assert published.claims and all(escape(claim["statement"]) in found for claim in published.claims["claims"])


def test_the_summary_tells_verdicts_and_what_they_rest_on() -> None:
    text = summary(results())
    assert "| S1: Statement of S1. | **holds** | gained & won: 0.500 (0.250 to 0.750), 24 cases |" in text
    assert "weights abc" in text and "24 cases of each kind" in text
    assert "| SpecRef recommended | 50 (25 to 75) | - | 0.5 (0.2 to 0.8) | - | - | - | - |" in comparison_tables(
        results().comparison or {}
    )
    assert "| **not decided** | no reader; gained & won: " in verdict_table(
        [claim("S1", "not decided", reason="no reader")]
    )


@pytest.mark.parametrize(
    ("verdict", "others", "says"),
    [
        ("holds", [], "24 cases |"),
        ("holds", ["holds"], "24 cases (2 of 2 hold) |"),
        ("fails", ["holds", "fails", "not decided", ""], "24 cases (2 of 4 fail) |"),
        ("not decided", ["holds"], "24 cases (1 of 2 not decided) |"),
    ],
)
def test_a_verdict_tells_how_many_of_its_differences_say_so(verdict: str, others: list[str], says: str) -> None:
    findings = [{"what": "gained", "interval": NUMBERS, "decision": word} for word in [verdict, *others]]
    assert says in verdict_table([claim("S1", verdict, findings=findings)])


def test_the_summary_has_everything_that_decides_and_says_what_its_words_mean() -> None:
    text, html = summary(results()), page(results(), [])
    assert "### B2: Statement of B2. Fails.\n\nSource: paper\n\nRefuted if: no gain\n" in text
    row = "gained & won | 0.500 (0.250 to 0.750) | 24 | 0.500 (0.125 to 0.750) | 0.02 | fails"
    assert f"| {row} |" in text
    assert "<td>" + "</td><td>".join(escape(row).split(" | ")) + "</td>" in html
    assert "| only reported | 0.500 (0.250 to 0.750) | 24 | - | - | reported only |" in text
    assert all(f"- {term}: {meaning}" in text and f"<dd>{escape(meaning)}</dd>" in html for term, meaning in TERMS)
    assert NOTE in text and escape(NOTE) in html


def test_what_came_nearest_is_said_whoever_it_was() -> None:
    def compared(own: float, other: float) -> dict[str, Any]:
        names = {"SpecRef recommended": own, "plain DDIM": other, "VAE round trip (bound)": 0.0}
        rows = [row("distance", method=name, mean=mean) for name, mean in names.items()]
        apart = own - other
        ends = {"mean": apart, "low": apart - 0.1, "high": apart + 0.1}
        return {"rows": rows, "differences": [row("distance", method="plain DDIM", **ends)]}

    for own, other in ((0.3, 0.5), (0.5, 0.3)):
        (said,) = sentences(compared(own, other))
        first, second = sorted(("SpecRef recommended", "plain DDIM"), key=said.index)
        assert (first == "SpecRef recommended") == (own < other) and second in said
        assert "0.200 (0.100 to 0.300)" in said and said in nearest(compared(own, other))
    assert nearest({"rows": [row("distance", mean=None)], "differences": []}) == ""


def test_a_methods_other_preset_does_not_hide_how_far_the_others_are() -> None:
    means = {"BARET non-rigid": 0.3, "BARET published": 0.4, "MasaCtrl": 0.5}
    assert first_and_second(means, "BARET non-rigid") == ("BARET non-rigid", "MasaCtrl")
    assert first_and_second(means | {"BARET published": 0.2}, "BARET non-rigid") == (
        "BARET published",
        "BARET non-rigid",
    )


def test_a_chart_is_sound_and_inside_its_frame() -> None:
    figure = ElementTree.fromstring(chart(CURVE))
    dots = figure.findall(".//circle")
    assert len(dots) == 3 and len(figure.findall(".//polygon")) == 1
    for dot in dots:
        assert 0 < float(dot.get("cx", "-1")) < Axes.width and 0 < float(dot.get("cy", "-1")) < Axes.height
    places = [float(dot.get("cx", "-1")) for dot in dots]
    assert places == sorted(places) and places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2)
    nothing = {"x": 0.0, **Interval.from_json({**NUMBERS, "mean": None}).to_json()}
    assert chart({**CURVE, "lines": [{"label": "unknown", "points": [nothing]}]}) == ""


@pytest.mark.parametrize("span", [(0.0, 1.0), (-3.2, 0.4), (17.0, 17.3), (0.0, 250.0)])
def test_ticks_are_few_and_inside(span: tuple[float, float]) -> None:
    found = ticks(span)
    assert 2 <= len(found) <= 6 and all(span[0] - 1e-9 <= tick <= span[1] + 1e-9 for tick in found)


def test_numbers_are_written_in_their_unit() -> None:
    assert cell(NUMBERS, "%") == "50 (25 to 75)" and cell(NUMBERS, "dB") == "0.5 (0.2 to 0.8)"
    assert cell({**NUMBERS, "low": None, "high": None}) == "0.500"
    assert cell({**NUMBERS, "mean": 0.004, "low": 0.0, "high": 0.01}, "%") == "0.4 (0 to 1.0)"
    assert label("inside") == "PSNR inside, dB" and label("rows") == "UNet rows"


def test_verdicts_of_equal_weights_are_kept_beside_new_ones(tmp_path: Path) -> None:
    path = tmp_path / "claims.json"
    found = {"about": ABOUT, "set": "test", "cases": 24, "claims": [claim("S10"), claim("B1")]}
    merge_claims(found, path)
    both = merge_claims({**found, "cases": 8, "claims": [claim("S9"), claim("B1", "fails")]}, path)
    assert [(one["name"], one["verdict"], one["asked"]) for one in both["claims"]] == [
        ("S9", "holds", 8),
        ("S10", "holds", 24),
        ("B1", "fails", 8),
    ]
    other = {**found, "about": {**ABOUT, "weights": "def"}, "claims": [claim("S2")]}
    assert [one["name"] for one in merge_claims(other, path)["claims"]] == ["S2"]
    assert json.loads(path.read_text())["about"]["weights"] == "def"
    assert read_results(tmp_path).comparison is None
