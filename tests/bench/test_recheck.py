"""A refactoring is proved by equal outcomes: seconds, keys and fingerprints may differ, nothing else."""

import json
from pathlib import Path

import pytest

from refedit.__main__ import main
from refedit.bench.experiment.code_fingerprint import outcome_fingerprint, verdict_fingerprint
from refedit.bench.experiment.store import Store
from refedit.bench.recheck import differences, stamp
from refedit.errors import EditError
from tests.bench.made_up import outcome

CLAIMS = {"about": {"code": "1"}, "claims": [{"name": "S1", "findings": [{"what": "seconds saved", "mean": 1.0}]}]}


def written(folder: Path, key: str, seconds: float, leak: float = 0.1) -> Path:
    Store(folder).put(key, outcome(3, leak=leak, seconds=seconds))
    claims = {**CLAIMS, "about": {"code": key}}
    claims["claims"][0]["findings"][0]["mean"] = seconds  # type: ignore[index]
    for name in ("claims.json", "compare.json"):
        (folder / name).write_text(json.dumps(claims))
    return folder


def test_keys_seconds_and_code_may_differ(tmp_path: Path) -> None:
    before, after = (written(tmp_path / name, name, seconds) for name, seconds in (("a", 1.0), ("b", 2.0)))
    assert list(differences(before, after)) == []
    assert main(["bench", "recheck", str(before), str(after)]) == 0


def test_a_changed_outcome_or_verdict_is_named(tmp_path: Path) -> None:
    before, after = written(tmp_path / "a", "a", 1.0), written(tmp_path / "b", "b", 1.0, leak=0.2)
    (after / "claims.json").write_text(json.dumps({**CLAIMS, "claims": [{"name": "S2", "findings": []}]}))
    named = " ".join(differences(before, after))
    assert "0.2" in named and "S2" in named
    assert main(["bench", "recheck", str(before), str(after)]) == 2


def test_what_one_folder_lacks_is_said(tmp_path: Path) -> None:
    before, after = written(tmp_path / "a", "a", 1.0), written(tmp_path / "b", "b", 1.0)
    (after / "compare.json").unlink()
    with pytest.raises(EditError, match="There is no"):
        list(differences(before, after))


def test_a_stamp_changes_the_fingerprints_only(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", "a", 1.0)
    stamp(folder)
    stamped = json.loads((folder / "claims.json").read_text())
    assert stamped["about"] == {
        "code": "a",
        "outcome_fingerprint": outcome_fingerprint(),
        "verdict_fingerprint": verdict_fingerprint(),
    }
    assert stamped["claims"] == CLAIMS["claims"]
