"""The page's examples, drawn by the built-in world: pictures, masks as a person selects them, and their table.

`python -m refedit picturebook examples` writes them anew, after a change of the world or of the model, and with them
the results that the built-in model gives. Which scenes are shown was chosen by eye from 35 swaps, 36 poses and 25 looks
that were edited with the defaults; two more examples are own drawings, in files that nothing here makes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from refedit.imaging.masks import Mask
from refedit.methods import METHODS
from refedit.picturebook.world.captions import describe
from refedit.picturebook.world.drawing import Drawing, draw
from refedit.picturebook.world.scene import Scene, sample_scene
from refedit.picturebook.world.streams import Stream, random
from refedit.picturebook.world.true_edits import (
    subject_mask,
    take_appearance,
    with_backdrop,
    with_colour,
    with_pose,
    with_style,
)

SIZE = 256
BOX_ROOM = 0.08
"""The room that a box leaves round a thing."""


class Selected(Enum):
    """How a person selects where to edit, knowing the source only: by a click, by a box, or not at all."""

    CLICK = "click"
    BOX = "box"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class DrawnExample:
    """One example: scenes, and the words that its prompts mention.

    `result` is the true edit, which gives the target prompt only.
    """

    title: str
    method: str
    preset: str
    source: Scene
    result: Scene
    reference: Scene | None = None
    mention: frozenset[str] = frozenset({"pose", "background"})
    selected: Selected = Selected.CLICK
    settings: Mapping[str, Any] = field(default_factory=dict)


def scene(
    kind: str, seed: int, *, pose: str = "", backdrop: str = "studio", pattern: str = "", colour: str = ""
) -> Scene:
    """A scene of one subject in the plain style; everything that is not named comes from the seed."""
    drawn = sample_scene(random(Stream.EXAMPLES, seed), kinds=(kind,), count=1, studio=backdrop == "studio")
    drawn = with_backdrop(with_style(drawn, "storybook"), backdrop)
    drawn = with_pose(drawn, pose) if pose else drawn
    drawn = with_colour(drawn, colour) if colour else drawn
    look = drawn.subjects[0].appearance
    changed = replace(drawn.subjects[0], appearance=replace(look, pattern=pattern or look.pattern))
    return replace(drawn, subjects=(changed,))


def reference_example(title: str, source: Scene, reference: Scene, **options: Any) -> DrawnExample:
    """An example of SpecRef: the source's subject takes the reference's look and, if it is another, its kind."""
    result = take_appearance(source, reference)
    preset = options.pop("preset", "recommended")
    return DrawnExample(
        title=title, method="specref", preset=preset, source=source, result=result, reference=reference, **options
    )


def write_examples(examples: tuple[DrawnExample, ...], folder: Path, own: tuple[dict[str, Any], ...] = ()) -> None:
    """Writes all pictures and `examples.json` into a folder; `own` are rows whose files lie there."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [*(_write(example, folder) for example in examples), *own]
    (folder / "examples.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _write(example: DrawnExample, folder: Path) -> dict[str, Any]:
    stem = example.title.lower().replace(" ", "-")
    row: dict[str, Any] = {
        "title": example.title,
        "method": example.method,
        "preset": example.preset,
        "source": f"{stem}.png",
        "prompt": describe(example.result, mention=example.mention).text,
        "settings": dict(example.settings),
    }
    source = draw(example.source, SIZE)
    source.picture.save(folder / row["source"], optimize=True)
    if example.selected is not Selected.NOTHING:
        row["region"] = f"{stem}-region.png"
        region(source, example.selected, METHODS[example.method].room).to_image().save(
            folder / row["region"], optimize=True
        )
    if example.reference is not None:
        row["source_prompt"] = describe(example.source, mention=example.mention).text
        row["reference"], row["subject"] = f"{stem}-reference.png", f"{stem}-subject.png"
        reference = draw(example.reference, SIZE)
        reference.picture.save(folder / row["reference"], optimize=True)
        subject_mask(reference).to_image().save(folder / row["subject"], optimize=True)
    return row


def region(source: Drawing, selected: Selected, room: float) -> Mask:
    """Where a person lets the source change; round a clicked thing there is room, as the page gives it."""
    thing = subject_mask(source)
    if selected is Selected.CLICK:
        return thing.with_room(room)
    left, top, right, bottom = thing.box
    box = np.zeros((SIZE, SIZE), np.float32)
    box[top:bottom, left:right] = 1
    return Mask(box).grow(round(BOX_ROOM * SIZE))


OWN: tuple[dict[str, Any], ...] = (
    {
        "title": "My own ball",
        "method": "specref",
        "preset": "recommended",
        "source": "own-ball.png",
        "region": "own-ball-region.png",
        "source_prompt": "a ball on a beach",
        "prompt": "a ball on a beach",
        "reference": "own-ball-reference.png",
        "subject": "own-ball-subject.png",
        "settings": {},
    },
    {
        "title": "My own drawing",
        "method": "baret",
        "preset": "rigid",
        "source": "own-mushroom.png",
        "prompt": "a red mushroom on a meadow in watercolour style",
        "settings": {},
    },
)
"""Examples of drawings that the world has not drawn; their files lie in the examples' folder already."""


def shipped_examples() -> tuple[DrawnExample, ...]:
    """The drawn examples of the page, in their order."""
    return (*_reference_examples(), *_sentence_examples())


def _reference_examples() -> tuple[DrawnExample, ...]:
    ball = scene("ball", 1031, backdrop="beach", pattern="plain", colour="red")
    cat = scene("cat", 1004, pose="sitting", backdrop="desert", pattern="plain", colour="grey")
    mug = scene("mug", 1062, backdrop="snow", pattern="plain", colour="pink")
    bear = scene("bear", 1096, pose="sitting", backdrop="meadow", pattern="plain", colour="yellow")
    umbrella = scene("umbrella", 1187, backdrop="beach", pattern="plain", colour="orange")
    return (
        reference_example("A new coat", bear, scene("bear", 2114, pose="sitting", pattern="plain", colour="green")),
        reference_example("That ball", ball, scene("ball", 2037, pattern="striped", colour="green")),
        reference_example(
            "A dog like this", cat, scene("dog", 2004, pose="sitting", pattern="striped", colour="orange")
        ),
        reference_example("My other mug", mug, scene("mug", 2074, pattern="striped", colour="blue")),
        reference_example("That umbrella", umbrella, scene("umbrella", 2223, pattern="dotted", colour="blue")),
    )


def _sentence_examples() -> tuple[DrawnExample, ...]:
    jumper = scene("dog", 3000, pose="sitting", backdrop="meadow", pattern="plain", colour="brown")
    sleeper = scene("dog", 3085, pose="sleeping", backdrop="room", pattern="plain", colour="orange")
    bear = scene("bear", 3125, pose="standing", backdrop="room", pattern="dotted", colour="orange")
    tired = scene("fox", 3205, pose="standing", backdrop="room", pattern="plain", colour="orange")
    walker = scene("fox", 4000, pose="standing", backdrop="forest", pattern="plain", colour="orange")
    mushroom = scene("mushroom", 4204, backdrop="meadow", pattern="plain", colour="red")
    styled = frozenset({"colour", "background", "style"})
    painting, snowed = with_style(mushroom, "watercolour"), with_backdrop(walker, "snow")
    box, nothing = Selected.BOX, Selected.NOTHING
    return (
        sentence_example("Sit down", bear, with_pose(bear, "sitting"), selected=box),
        sentence_example("Fall asleep", tired, with_pose(tired, "sleeping"), selected=box),
        sentence_example("Jump", jumper, with_pose(jumper, "jumping"), selected=nothing),
        sentence_example("Wake up", sleeper, with_pose(sleeper, "standing"), selected=nothing),
        sentence_example("In watercolour", mushroom, painting, preset="rigid", mention=styled, selected=nothing),
        sentence_example("Winter comes", walker, snowed, preset="rigid", selected=nothing),
    )


def sentence_example(title: str, source: Scene, result: Scene, **options: Any) -> DrawnExample:
    """An example of BARET: the source becomes what a sentence says."""
    preset = options.pop("preset", "non-rigid")
    return DrawnExample(title=title, method="baret", preset=preset, source=source, result=result, **options)
