"""The whole way from cases to a page, once, with tiny networks: everything runs, nothing twice."""

import json
from pathlib import Path

import pytest

from refedit.__main__ import main
from refedit.bench.claims import run as claims_run
from refedit.bench.claims.run import CLAIMS, Runs
from refedit.bench.experiment.measures import CAP
from refedit.bench.experiment.store import Store
from refedit.bench.experiment.workbench import Workbench
from refedit.bench.publish import PUBLISHED, README, UNKNOWN, publish, withdraw
from refedit.bench.suites import compare
from refedit.bench.suites.compare import COMMON, READINGS, Comparison
from refedit.errors import EditError
from refedit.models import BUILTIN
from tests.bench.conftest import quick_arm, quick_claim


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    arms = {kind: tuple(map(quick_arm, every)) for kind, every in compare.ARMS.items()}
    monkeypatch.setattr(compare, "ARMS", arms)
    monkeypatch.setattr("refedit.bench.report.strips.ARMS", arms)
    monkeypatch.setattr(claims_run, "CLAIMS", tuple(map(quick_claim, CLAIMS)))


def test_every_claim_runs_and_shares_what_others_ran(workbench: Workbench, tmp_path: Path) -> None:
    claims = tuple(map(quick_claim, CLAIMS))
    runs, store = Runs(claims, 1), Store(tmp_path)
    assert len(list(runs.run(workbench, store, "development"))) == len(runs) == len(store)
    assert len(runs) < sum(len(arms) for claim in claims for arms in claim.arms.values())
    for claim, told in zip(claims, runs.to_json(), strict=True):
        assert told["verdict"] == "not decided" and told["reason"]
        assert all(set(cases) == {0} for cases in runs.results(claim).values())
    before = store.path.read_bytes()
    assert len(list(Runs(claims, 1).run(workbench, Store(tmp_path), "development"))) == len(runs)
    assert store.path.read_bytes() == before


@pytest.mark.usefixtures("quick")
def test_a_comparison_has_every_method_between_its_bounds(workbench: Workbench, tmp_path: Path) -> None:
    comparison = Comparison(1)
    assert len(list(comparison.run(workbench, Store(tmp_path), "development"))) == len(comparison)
    found = comparison.to_json()
    rows = {(row["kind"], row["method"], row["reading"]): row for row in found["rows"]}
    for kind, arms in compare.ARMS.items():
        assert {(kind, arm.name, name) for arm in arms for name in (*READINGS[kind], *COMMON)} <= set(rows)
        unchanged = rows[kind, "source unchanged (bound)", "outside"]
        assert unchanged["mean"] in (CAP, None) and rows[kind, arms[0].name, "rows"]["cases"] == 0
        assert rows[kind, arms[1].name, "rows"]["mean"] > 0 and rows[kind, arms[1].name, "distance"]["cases"] == 1
        assert found["worst"][kind] == [0]
    own = {(row["kind"], row["own"]) for row in found["differences"]}
    assert own == set(compare.OWN.items())


@pytest.mark.usefixtures("quick")
def test_from_the_command_line_to_a_page(tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where, on = tmp_path / "results", ["--model", str(tiny_folder), "--device", "cpu"]
    common = [*on, "--cases", "1", "--out", str(where)]
    assert main(["bench", "claims", "--only", "S3", "S1", *common, "--share", "1/2"]) == 0
    assert not (where / "claims.json").exists()
    assert main(["bench", "claims", "--only", "S3", "S1", *common]) == 0
    assert [path.name for path in where.glob("outcomes*")] == ["outcomes-1-of-2.jsonl"], "nothing was left to run"
    assert main(["bench", "claims", "--only", "S7", *common]) == 0
    told = json.loads((where / "claims.json").read_text())
    assert [claim["name"] for claim in told["claims"]] == ["S1", "S3", "S7"]
    assert told["claims"][0]["reason"] == "no reader" and told["about"]["reader"] is False
    assert main(["bench", "compare", *common]) == 0
    assert main(["bench", "report", str(where), "--out", str(tmp_path / "report"), *on]) == 0
    assert "| S3: The subject mask keeps the reference's background out. | **not decided**" in capsys.readouterr().out
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.count("data:image/webp;base64,") > 20 and "http" not in page
    assert "What is not edited is preserved." in page and "null-text + prompt-to-prompt" in page
    assert "| SpecRef official, painted |" in (tmp_path / "report" / "report.md").read_text()
    told = json.loads((where / "compare.json").read_text())
    published(where, told["about"]["weights"], tmp_path)
    told["about"]["weights"] = "others"
    (where / "compare.json").write_text(json.dumps(told))
    assert main(["bench", "report", str(where), "--out", str(tmp_path / "other"), *on]) == 0
    assert "the page has no pictures. The results are of other weights (others)" in capsys.readouterr().err
    assert "No pictures were made" in (tmp_path / "other" / "report.html").read_text()


def published(results: Path, weights: str, folder: Path) -> None:
    """Results come into a README and go again; those of another model do not come."""
    readme, to = folder / "README.md", folder / "measured"
    readme.write_text("before\n<!-- compared -->\nold\n<!-- /compared -->\nafter\n")
    with pytest.raises(EditError, match="of other weights than these"):
        publish(results, "others", readme, to)
    with pytest.raises(EditError, match="lack S2, S4.*A1. Run `bench claims` for all"):
        publish(results, weights, readme, to)
    told = json.loads((results / "claims.json").read_text())
    first, names = told["claims"][0], {claim["name"] for claim in told["claims"]}
    told["claims"] += [{**first, "name": claim.name} for claim in CLAIMS if claim.name not in names]
    (results / "claims.json").write_text(json.dumps({**told, "set": "development"}))
    with pytest.raises(EditError, match="not of test cases"):
        publish(results, weights, readme, to)
    (results / "claims.json").write_text(json.dumps(told, indent=1) + "\n")
    publish(results, weights, readme, to)
    shown = readme.read_text()
    assert "| S7: What is not edited is preserved. | **not decided** |" in shown
    assert "| SpecRef official, painted |" in shown and "old" not in shown
    assert {path.name for path in to.iterdir()} == {"claims.json", "compare.json", "report.md"}
    assert json.loads((to / "claims.json").read_text()) == json.loads((results / "claims.json").read_text())
    withdraw(readme, to)
    assert UNKNOWN in readme.read_text() and not list(to.iterdir())


def test_what_is_published_is_of_the_model_that_is_shipped() -> None:
    if (PUBLISHED / "compare.json").exists():
        weights = Workbench.load(BUILTIN, "cpu").checksum
        for name in ("claims.json", "compare.json"):
            assert json.loads((PUBLISHED / name).read_text())["about"]["weights"] == weights
        assert f"weights {weights}" in README.read_text("utf-8")
    else:
        assert UNKNOWN in README.read_text("utf-8")


def test_a_report_of_nothing_says_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "report", str(tmp_path), "--out", str(tmp_path / "report")]) == 2
    assert "Run `bench claims` or `bench compare`" in capsys.readouterr().err
