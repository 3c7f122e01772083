"""The page's examples, drawn by the built-in world: pictures, masks as a person would paint them, and their table.

`python -m refedit picturebook examples` writes them anew, after a change of the world or of the model.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from refedit.picturebook.world.captions import describe
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.scene import Scene, sample_scene
from refedit.picturebook.world.streams import Stream, random
from refedit.picturebook.world.true_edits import (
    painted_region,
    subject_mask,
    take_appearance,
    with_backdrop,
    with_colour,
    with_pose,
    with_style,
)

SIZE = 256


@dataclass(frozen=True, kw_only=True)
class DrawnExample:
    """One example: scenes, and the words that its prompts mention.

    `result` is the true edit, which gives the target prompt and, if `painted`, the region to paint.
    """

    title: str
    method: str
    preset: str
    source: Scene
    result: Scene
    reference: Scene | None = None
    mention: frozenset[str] = frozenset({"pose", "background"})
    painted: bool = True
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


def write_examples(examples: tuple[DrawnExample, ...], folder: Path) -> None:
    """Writes all pictures and `examples.json` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [_write(example, folder) for example in examples]
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
    if example.painted:
        row["region"] = f"{stem}-region.png"
        painted_region(source, draw(example.result, SIZE)).to_image().save(folder / row["region"], optimize=True)
    if example.reference is not None:
        row["source_prompt"] = describe(example.source, mention=example.mention).text
        row["reference"], row["subject"] = f"{stem}-reference.png", f"{stem}-subject.png"
        reference = draw(example.reference, SIZE)
        reference.picture.save(folder / row["reference"], optimize=True)
        subject_mask(reference).to_image().save(folder / row["subject"], optimize=True)
    return row


def shipped_examples() -> tuple[DrawnExample, ...]:
    """The examples of the page, in their order."""
    return (*_reference_examples(), *_sentence_examples())


def _reference_examples() -> tuple[DrawnExample, ...]:
    cat = scene("cat", 11, pose="sitting", backdrop="meadow", pattern="plain", colour="orange")
    ball = scene("ball", 3, backdrop="beach", pattern="plain", colour="red")
    mug = scene("mug", 688, backdrop="beach", pattern="plain", colour="pink")
    bear = scene("bear", 14, pose="sitting", backdrop="snow", pattern="plain", colour="brown")
    dog = scene("dog", 73, pose="standing", backdrop="desert", pattern="plain", colour="brown")
    return (
        reference_example("A dog like this", cat, scene("dog", 21, pose="sitting", pattern="striped", colour="purple")),
        reference_example("That ball", ball, scene("ball", 4, pattern="striped", colour="green")),
        reference_example("My other mug", mug, scene("mug", 689, pattern="striped", colour="orange")),
        reference_example("A new coat", bear, scene("bear", 24, pose="standing", pattern="striped", colour="green")),
        reference_example("A fox instead", dog, scene("fox", 74, pose="standing", pattern="plain", colour="blue")),
    )


def _sentence_examples() -> tuple[DrawnExample, ...]:
    jumper = scene("dog", 103, pose="sitting", backdrop="beach", pattern="dotted", colour="brown")
    sleeper = scene("dog", 709, pose="sleeping", backdrop="room", pattern="striped", colour="brown")
    bear = scene("bear", 504, pose="standing", backdrop="snow", pattern="checkered", colour="brown")
    walker = scene("fox", 34, pose="standing", backdrop="forest", pattern="plain", colour="orange")
    mushroom = scene("mushroom", 146, backdrop="meadow", pattern="plain", colour="red")
    styled = frozenset({"colour", "background", "style"})
    painting, snowed = with_style(mushroom, "watercolour"), with_backdrop(walker, "snow")
    # A whole new background has to be there from the first step, as its places are decided early.
    at_once = {"eta_schedule": "constant"}
    return (
        sentence_example("Jump", jumper, with_pose(jumper, "jumping")),
        sentence_example("Wake up", sleeper, with_pose(sleeper, "standing")),
        sentence_example("Sit down", bear, with_pose(bear, "sitting")),
        sentence_example("Winter comes", walker, snowed, preset="rigid", painted=False, settings=at_once),
        sentence_example("In watercolour", mushroom, painting, preset="rigid", mention=styled, painted=False),
    )


def sentence_example(title: str, source: Scene, result: Scene, **options: Any) -> DrawnExample:
    """An example of BARET: the source becomes what a sentence says."""
    preset = options.pop("preset", "non-rigid")
    return DrawnExample(title=title, method="baret", preset=preset, source=source, result=result, **options)
