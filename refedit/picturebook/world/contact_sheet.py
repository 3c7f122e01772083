"""Contact sheets: random scenes, and every kind, pose, pattern, colour, background and style side by side.

A sheet's seed comes from whoever asks for it, so it belongs to no stream.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from refedit.picturebook.world.colours import paint_at
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.scene import BACKGROUNDS, COLOURS, KINDS, PATTERNS, STYLES, Scene, poses_of, sample_scene
from refedit.picturebook.world.true_edits import with_colour

_GAP = 4


def sheet(seed: int, size: int, columns: int, rows: int) -> Image.Image:
    """Random scenes, each `size` pixels wide, in rows."""
    rng = np.random.default_rng(seed)
    return tiled([[draw(sample_scene(rng), size).picture for _ in range(columns)] for _ in range(rows)])


def pose_sheet(seed: int, size: int) -> Image.Image:
    """Every kind (rows) in every pose or expression (columns)."""
    rng = np.random.default_rng(seed)
    return _grid([[_posed(rng, kind, pose) for pose in poses_of(kind)] for kind in KINDS], size)


def colour_sheet(seed: int, size: int, kind: str = "cat") -> Image.Image:
    """Every pattern (rows) in every colour (columns)."""
    scene = _posed(np.random.default_rng(seed), kind, poses_of(kind)[0])
    return _grid([[with_colour(_patterned(scene, pattern), name) for name in COLOURS] for pattern in PATTERNS], size)


def backdrop_sheet(seed: int, size: int) -> Image.Image:
    """Every background (columns) in every style (rows)."""
    rng = np.random.default_rng(seed)
    scenes = [replace(sample_scene(rng, count=1), style=style) for style in STYLES]
    return _grid([[replace(s, backdrop=replace(s.backdrop, name=name)) for name in BACKGROUNDS] for s in scenes], size)


def tiled(pictures: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Equally large pictures in rows, on white."""
    step = pictures[0][0].width + _GAP
    whole = Image.new("RGB", (step * max(map(len, pictures)) - _GAP, step * len(pictures) - _GAP), "white")
    for y, row in enumerate(pictures):
        for x, picture in enumerate(row):
            whole.paste(picture, (x * step, y * step))
    return whole


def _grid(scenes: Sequence[Sequence[Scene]], size: int) -> Image.Image:
    return tiled([[draw(scene, size).picture for scene in row] for row in scenes])


def _posed(rng: np.random.Generator, kind: str, pose: str) -> Scene:
    scene = sample_scene(rng, kinds=(kind,), count=1)
    return replace(scene, style=STYLES[0], subjects=(replace(scene.subjects[0], pose=pose),))


def _patterned(scene: Scene, pattern: str) -> Scene:
    subject = scene.subjects[0]
    look = replace(subject.appearance, pattern=pattern, second_paint=paint_at("white"))
    return replace(scene, subjects=(replace(subject, appearance=look),))
