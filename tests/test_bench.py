"""Measurements run and say what the tests of the methods count."""

import json
from pathlib import Path

import pytest

from refedit.__main__ import main


def test_speed_counts_rows_and_bytes(tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "speed.json"
    options = ["--model", str(tiny_folder), "--device", "cpu", "--steps", "10", "--without-sd15", "--out", str(out)]
    assert main(["bench", "speed", *options]) == 0
    found = {row["edit"]: row for row in json.loads(out.read_text())["edits"]}
    assert set(found) == {"SpecRef recommended", "SpecRef official", "BARET non-rigid", "BARET rigid"}
    for row in found.values():
        assert row["rows_again"] < row["rows_first"] and row["seconds_first"] > 0
    assert 0 < found["SpecRef official"]["feature_bytes"] < 0.3 * found["SpecRef official"]["everything_bytes"]
    assert "rows_first" in capsys.readouterr().out
