"""The whole way from cases to a page, once, with tiny networks: everything runs, nothing twice."""

import contextlib
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from refedit.__main__ import main
from refedit.bench.claims import run as claims_run
from refedit.bench.claims.run import CLAIMS, Runs
from refedit.bench.experiment.measures import CAP
from refedit.bench.experiment.store import Store
from refedit.bench.experiment.workbench import Workbench
from refedit.bench.publish import OLDER, PUBLISHED, README, UNKNOWN, mark_older, publish, withdraw
from refedit.bench.suites import compare
from refedit.bench.suites.compare import COMMON, READINGS, Comparison
from refedit.errors import EditError
from refedit.models import BUILTIN
from refedit.picturebook.networks.clip import save_clip
from refedit.picturebook.networks.reader import Reader
from tests.bench.conftest import quick_arm, quick_claim


@dataclass(frozen=True)
class Evidence:
    """What the command line left: results of all claims and of the comparison, and what it said of some claims."""

    model: Path
    folder: Path
    some: dict[str, Any]
    said: str

    @property
    def options(self) -> list[str]:
        return ["--model", str(self.model), "--device", "cpu"]

    def results(self, name: str) -> dict[str, Any]:
        return dict(json.loads((self.folder / f"{name}.json").read_text()))


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    arms = {kind: tuple(map(quick_arm, every)) for kind, every in compare.ARMS.items()}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(compare, "ARMS", arms)
        patched.setattr("refedit.bench.report.strips.ARMS", arms)
        patched.setattr(claims_run, "CLAIMS", tuple(map(quick_claim, CLAIMS)))
        patched.setattr(Workbench, "load", cache(Workbench.load))  # every command loads the same one
        yield


@pytest.fixture(scope="module")
def evidence(quick: None, tiny_folder: Path, reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Everything once, for all tests here, with a model that has a reader."""
    folder = tmp_path_factory.mktemp("evidence")
    model, where = folder / "model", folder / "results"
    shutil.copytree(tiny_folder, model)
    save_clip(reader.network, reader.tokenizer, model)
    common = ["--model", str(model), "--device", "cpu", "--cases", "1", "--set", "development", "--out", str(where)]
    assert main(["bench", "claims", "--only", "S3", "S1", *common, "--share", "1/2"]) == 0
    assert not (where / "claims.json").exists()
    assert main(["bench", "claims", "--only", "S3", "S1", *common]) == 0
    assert [path.name for path in where.glob("outcomes*")] == ["outcomes-1-of-2.jsonl"], "nothing was left to run"
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert main(["bench", "claims", "--only", "S7", *common]) == 0
    some = json.loads((where / "claims.json").read_text())
    assert main(["bench", "claims", *common]) == 0
    assert main(["bench", "compare", *common]) == 0
    return Evidence(model=model, folder=where, some=some, said=said.getvalue())


def kept(folder: Path) -> dict[str, bytes]:
    """The files of outcomes, by name."""
    return {path.name: path.read_bytes() for path in folder.glob("outcomes*")}


def test_every_claim_runs_and_shares_what_others_ran(evidence: Evidence) -> None:
    before, claims = kept(evidence.folder), claims_run.CLAIMS
    runs, workbench = Runs(claims, 1), Workbench.load(str(evidence.model), "cpu")
    assert len(list(runs.run(workbench, Store(evidence.folder), "development"))) == len(runs)
    assert kept(evidence.folder) == before, "nothing runs twice"
    comparison = Comparison(1)
    assert len(list(comparison.run(workbench, Store(evidence.folder), "development"))) == len(comparison)
    assert kept(evidence.folder) == before
    assert len(runs) < sum(len(arms) for claim in claims for arms in claim.arms.values())
    for claim, told in zip(claims, evidence.results("claims")["claims"], strict=True):
        assert told["name"] == claim.name and told["verdict"] == "not decided" and told["reason"]
        assert all(set(cases) == {0} for cases in runs.results(claim).values())


def test_a_comparison_has_every_method_between_its_bounds(evidence: Evidence) -> None:
    found = evidence.results("compare")
    rows = {(row["kind"], row["method"], row["reading"]): row for row in found["rows"]}
    for kind, arms in compare.ARMS.items():
        assert {(kind, arm.name, name) for arm in arms for name in (*READINGS[kind], *COMMON)} <= set(rows)
        unchanged = rows[kind, "source unchanged (bound)", "outside"]
        assert unchanged["mean"] in (CAP, None) and rows[kind, arms[0].name, "rows"]["cases"] == 0
        assert rows[kind, arms[1].name, "rows"]["mean"] > 0 and rows[kind, arms[1].name, "distance"]["cases"] == 1
        assert found["worst"][kind] == [0]
    own = {(row["kind"], row["own"]) for row in found["differences"]}
    assert own == set(compare.OWN.items())


def test_claims_are_merged_and_the_table_has_them_all(evidence: Evidence) -> None:
    assert [claim["name"] for claim in evidence.some["claims"]] == ["S1", "S3", "S7"]
    rows = [line for line in evidence.said.splitlines() if line.startswith("| S")]
    assert [row.split(":")[0] for row in rows] == ["| S1", "| S3", "| S7"]
    assert all("not decided" in row for row in rows)


def test_a_model_without_a_reader_says_so(blind: Workbench, tiny_folder: Path) -> None:
    assert Workbench.load(str(tiny_folder), "cpu").about()["reader"] is False
    assert blind.about()["reader"] is False


def test_results_become_a_page_with_pictures_and_are_published(
    evidence: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = shutil.copytree(evidence.folder, tmp_path / "results")
    assert main(["bench", "report", str(where), "--out", str(tmp_path / "report"), *evidence.options]) == 0
    page, summary = ((tmp_path / "report" / f"report.{end}").read_text() for end in ("html", "md"))
    assert page.count("data:image/webp;base64,") > 20 and "http" not in page
    assert all(claim.statement in unescape(page) for claim in CLAIMS)
    assert all(f"| {arm.name} |" in summary for arms in compare.ARMS.values() for arm in arms)
    told = evidence.results("compare")
    published(where, told["about"]["weights"], tmp_path)
    told["about"]["weights"] = "others"
    (where / "compare.json").write_text(json.dumps(told))
    assert main(["bench", "report", str(where), "--out", str(tmp_path / "other"), *evidence.options]) == 0
    assert "The results are of other weights (others)" in capsys.readouterr().err
    assert "data:image" not in (tmp_path / "other" / "report.html").read_text()


def published(results: Path, weights: str, folder: Path) -> None:
    """Results come into a README and go again; those of another model do not come."""
    readme, to = folder / "README.md", folder / "measured"
    readme.write_text("before\n<!-- compared -->\nold\n<!-- /compared -->\nafter\n")
    with pytest.raises(EditError, match="not of test cases"):
        publish(results, weights, readme, to)
    for name in ("claims", "compare"):  # as if they had been
        made = results / f"{name}.json"
        made.write_text(json.dumps({**json.loads(made.read_text()), "set": "test"}, indent=1) + "\n")
    with pytest.raises(EditError, match="of other weights than these"):
        publish(results, "others", readme, to)
    whole = (results / "claims.json").read_text()
    told = json.loads(whole)
    some = [claim for claim in told["claims"] if claim["name"] in ("S1", "S3")]
    (results / "claims.json").write_text(json.dumps({**told, "claims": some}))
    with pytest.raises(EditError, match="lack S2, S4.*A1, A2. Run `bench claims` for all"):
        publish(results, weights, readme, to)
    (results / "claims.json").write_text(whole)
    publish(results, weights, readme, to)
    shown = readme.read_text()
    assert "| S7: What is not edited is preserved. | **not decided** |" in shown
    assert "| SpecRef official, painted |" in shown and "old" not in shown
    assert {path.name for path in to.iterdir()} == {"claims.json", "compare.json", "report.md"}
    assert json.loads((to / "claims.json").read_text()) == json.loads((results / "claims.json").read_text())
    before = readme.read_text()
    for _ in range(2):
        mark_older(readme, to)
        assert readme.read_text() == before.replace("<!-- compared -->\n", f"<!-- compared -->\n{OLDER}\n\n")
        assert (to / "report.md").read_text().count(OLDER) == 1
    withdraw(readme, to)
    assert UNKNOWN in readme.read_text() and not list(to.iterdir())


def test_what_is_published_is_of_the_model_that_is_shipped() -> None:
    if (PUBLISHED / "compare.json").exists():
        weights = Workbench.load(BUILTIN, "cpu").checksum
        told = {
            json.loads((PUBLISHED / name).read_text())["about"]["weights"] for name in ("claims.json", "compare.json")
        }
        assert told == {weights} or OLDER in README.read_text("utf-8")
        assert all(f"weights {of}" in README.read_text("utf-8") for of in told)
    else:
        assert UNKNOWN in README.read_text("utf-8")


def test_a_report_of_nothing_says_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "report", str(tmp_path), "--out", str(tmp_path / "report")]) == 2
    assert "Run `bench claims` or `bench compare`" in capsys.readouterr().err
