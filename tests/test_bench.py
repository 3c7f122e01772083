"""Measurements run and say what the tests of the methods count; tables are read again as they were written."""

import json
from pathlib import Path

import pytest
from scipy.stats import binomtest  # type: ignore[import-untyped]

from refedit.__main__ import main
from refedit.bench.publish import with_part
from refedit.cli.ship import assemble
from refedit.errors import EditError
from refedit.methods import METHODS
from refedit.picturebook.evaluation.figures import Figure, read_figures, table, wilson, write_figures


def test_figures_are_written_read_and_shown(tmp_path: Path) -> None:
    figures = [
        Figure(what="right", value=0.4, unit="share", cases=10, goal=">= 80 %"),
        Figure(what="mean", value=0.456, unit="share", cases=10),
        Figure(what="outside", value=27.979, unit="dB", cases=9, goal=">= 28 dB"),
        Figure(what="time", value=1.234, unit="s", cases=3),
    ]
    write_figures(figures, tmp_path / "figures.json")
    assert read_figures(tmp_path / "figures.json") == figures
    rows = ["| right | >= 80 % | 40 % (17 to 69) | 10 |", "| mean | - | 45.6 % | 10 |"]
    rows += ["| outside | >= 28 dB | 27.98 dB | 9 |", "| time | - | 1.23 s | 3 |"]
    assert table(figures).splitlines()[2:] == rows


@pytest.mark.parametrize("right", [0, 1, 12, 24])
def test_the_interval_of_a_share_is_wilsons(right: int) -> None:
    scipy = binomtest(right, 24).proportion_ci(0.99, method="wilson")
    assert wilson(right, 24, 0.99) == pytest.approx((scipy.low, scipy.high))


def test_a_part_of_the_readme_is_replaced_and_nothing_else() -> None:
    readme = "a\n<!-- measured -->\nold\n<!-- /measured -->\nb\n<!-- other -->\nold\n<!-- /other -->\n"
    assert with_part(readme, "measured", "new") == readme.replace("old", "new", 1)
    with pytest.raises(EditError, match="has no '<!-- measured -->'"):
        with_part("a", "measured", "new")


def test_parts_of_trainings_are_put_together(tmp_path: Path) -> None:
    for place in ("one/pipeline/unet", "two/pipeline/sam", "model/unet", "model/vae"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "weights").write_text(place)
    for training in ("one", "two", "four"):
        (tmp_path / training).mkdir(exist_ok=True)
        (tmp_path / training / "training.json").touch()
    assemble([tmp_path / "one", tmp_path / "two"], tmp_path / "model")
    found = {path.parent.name: path.read_text() for path in (tmp_path / "model").rglob("weights")}
    assert found == {"unet": "one/pipeline/unet", "sam": "two/pipeline/sam", "vae": "model/vae"}
    for without_networks in ("three", "four"):
        with pytest.raises(EditError, match="no trained network"):
            assemble([tmp_path / "one", tmp_path / without_networks], tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.long
def test_speed_counts_rows_and_bytes(tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "speed.json"
    options = ["--model", str(tiny_folder), "--device", "cpu", "--steps", "4", "--without-sd15", "--out", str(out)]
    assert main(["bench", "speed", *options]) == 0
    found = {row["edit"]: row for row in json.loads(out.read_text())["edits"]}
    assert set(found) == {f"{kind.title} {name}" for kind in METHODS.values() for name in kind.presets()}
    for row in found.values():
        assert row["rows_again"] < row["rows_first"] and row["seconds_first"] > 0
    assert 0 < found["SpecRef official"]["feature_bytes"] < 0.3 * found["SpecRef official"]["everything_bytes"]
    assert "rows_first" in capsys.readouterr().out
