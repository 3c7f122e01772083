"""A refactoring is proved by equal outcomes: seconds, keys and fingerprints may differ, nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from refedit.__main__ import main
from refedit.bench import publish
from refedit.bench.claims.run import CLAIMS
from refedit.bench.experiment.code_fingerprint import outcome_fingerprint, verdict_fingerprint
from refedit.bench.experiment.store import Store
from refedit.bench.recheck import differences, stamp
from refedit.errors import EditError
from tests.bench.made_up import outcome

PRINTS = {"outcome_fingerprint": outcome_fingerprint(), "verdict_fingerprint": verdict_fingerprint()}
Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    def written(name: str, seconds: float = 1.0, leak: float = 0.1, **about: str) -> Path:
        """Results as a run writes them: an outcome, every claim, and a comparison."""
        into = tmp_path / name
        Store(into).put(name, outcome(3, leak=leak, seconds=seconds))
        findings = [{"what": "seconds saved", "mean": seconds}, {"what": "gained", "mean": leak, "decision": "holds"}]
        claims = [{"name": claim.name, "findings": findings} for claim in CLAIMS]
        rows = [{"kind": "pose", "method": "BARET", "reading": "seconds", "mean": seconds}]
        head = {"about": {"code": name, **about}}
        (into / "claims.json").write_text(json.dumps({**head, "claims": claims}))
        (into / "compare.json").write_text(json.dumps({**head, "rows": rows}))
        return into

    return written


def test_keys_seconds_and_code_may_differ(folder: Folder) -> None:
    before, after = folder("before", seconds=1.0), folder("after", seconds=2.0)
    assert list(differences(before, after)) == []
    assert main(["bench", "recheck", str(before), str(after)]) == 0


def test_a_changed_outcome_is_named_and_so_is_what_follows_from_it(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = folder("before"), folder("after", leak=0.2)
    first, second, *_ = differences(before, after)
    assert first == "outcome of pose 3, made up: leak was 0.1 and is 0.2"
    assert second == "claims.json: claims S1: findings gained: mean was 0.1 and is 0.2"
    assert main(["bench", "recheck", str(before), str(after)]) == 2
    assert first in capsys.readouterr().out


def test_an_outcome_that_one_run_lacks_is_named_and_hides_no_other(folder: Folder) -> None:
    before, after = folder("before"), folder("after")
    Store(before).put("first", outcome(0))
    assert list(differences(before, after)) == [f"outcome of pose 0, made up is only in '{before}'"]


def test_files_of_version_0_1_are_read_by_their_names(folder: Folder) -> None:
    before, after = folder("before"), folder("after")
    text = (before / "claims.json").read_text()
    (before / "claims.json").write_text(text.replace('"decision"', '"word"'))
    assert list(differences(before, after)) == []


def test_what_one_folder_lacks_is_said(folder: Folder, tmp_path: Path) -> None:
    before, after = folder("before"), folder("after")
    (after / "compare.json").unlink()
    with pytest.raises(EditError, match=r"Only one of the folders has 'compare.json'"):
        list(differences(before, after))
    with pytest.raises(EditError, match="There are no results in"):
        list(differences(before, tmp_path))


def test_a_stamp_changes_the_fingerprints_only(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    published, before, after = folder("published"), folder("before"), folder("after", **PRINTS)
    monkeypatch.setattr(publish, "PUBLISHED", published)
    claims = json.loads((published / "claims.json").read_text())
    assert main(["bench", "recheck", str(before), str(after), "--stamp"]) == 0
    stamped = json.loads((published / "claims.json").read_text())
    assert stamped == {**claims, "about": {"code": "published", **PRINTS}}


def test_only_a_whole_run_of_this_code_can_stamp(folder: Folder) -> None:
    published = folder("published")
    untouched = (published / "claims.json").read_bytes()
    with pytest.raises(EditError, match="not of this code"):
        stamp(folder("older"), published)
    some = folder("some", **PRINTS)
    claims = json.loads((some / "claims.json").read_text())
    (some / "claims.json").write_text(json.dumps({**claims, "claims": claims["claims"][1:]}))
    with pytest.raises(EditError, match="not of all claims"):
        stamp(some, published)
    (some / "compare.json").unlink()
    with pytest.raises(EditError, match="not of all claims and the comparison"):
        stamp(some, published)
    assert (published / "claims.json").read_bytes() == untouched
