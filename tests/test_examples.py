"""The examples as they are shipped: complete, small, drawn by our own world, and known words only."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from refedit.editing.request import EditRequest, Reference
from refedit.imaging.images import read_mask, read_picture
from refedit.methods import METHODS, SpecRef, with_values
from refedit.picturebook.world.captions import words
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.examples import (
    SIZE,
    Selected,
    reference_example,
    region,
    scene,
    write_examples,
)

FOLDER = Path(__file__).parents[1] / "examples"
ROWS = json.loads((FOLDER / "examples.json").read_text("utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=[row["title"] for row in ROWS])
def test_an_example_is_a_complete_request_in_known_words(row: dict) -> None:
    method = with_values(METHODS[row["method"]].presets()[row["preset"]], row["settings"])
    reference = None
    if "reference" in row:
        subject = read_mask(FOLDER / row["subject"])
        reference = Reference(image=read_picture(FOLDER / row["reference"]), subject=subject)
    request = EditRequest(
        method=method,
        source=read_picture(FOLDER / row["source"]),
        prompt=row["prompt"],
        source_prompt=row.get("source_prompt", ""),
        region=read_mask(FOLDER / row["region"]) if "region" in row else None,
        reference=reference,
    )
    assert request.source.size == read_picture(FOLDER / row["result"]).size == (SIZE, SIZE)
    assert set(f"{row['prompt']} {row.get('source_prompt', '')}".split()) <= set(words())


def test_there_are_enough_of_both_methods_and_all_files_are_small() -> None:
    kinds = Counter((row["method"], row["preset"]) for row in ROWS)
    assert kinds["specref", "recommended"] >= 4 and kinds["baret", "non-rigid"] >= 3 and kinds["baret", "rigid"] >= 2
    assert all(path.stat().st_size < 500_000 for path in FOLDER.iterdir())


def test_a_region_is_what_a_person_selects_who_knows_the_source_only() -> None:
    drawn = draw(scene("cat", 1, pose="sitting", backdrop="meadow", pattern="plain", colour="red"), SIZE)
    thing = drawn.masks["subject"]
    click, box = (region(drawn, selected, SpecRef.room).values >= 0.5 for selected in (Selected.CLICK, Selected.BOX))
    assert not (thing & ~click).any() and not (click & ~box).any() and click.sum() < box.sum()
    rows, columns = np.nonzero(box)
    assert box.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)


def test_examples_are_written_as_the_page_reads_them(tmp_path: Path) -> None:
    source = scene("cat", 1, pose="sitting", backdrop="meadow", pattern="plain", colour="red")
    example = reference_example("A cat", source, scene("dog", 2, pattern="striped"))
    write_examples((example,), tmp_path)
    (row,) = json.loads((tmp_path / "examples.json").read_text())
    assert row["source_prompt"] == "a cat sitting on a meadow" and row["prompt"] == "a dog sitting on a meadow"
    drawn, region = np.asarray(Image.open(tmp_path / row["source"])), read_mask(tmp_path / row["region"])
    assert drawn.shape == (SIZE, SIZE, 3) and 0.05 < region.values.mean() < 0.7
