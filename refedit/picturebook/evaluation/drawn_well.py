"""How well a model draws the things that captions name, as far as their contours tell.

A thing's contours are compared with those of drawings of the same words, and the nearest one counts: a good drawing is
near some other good drawing. `picturebook/README.md` says how far blind readers' grades agree with that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from refedit.diffusion.backbone import Backbone
from refedit.editing.locate import locate
from refedit.imaging.contours import Box, Contours, contours, likeness
from refedit.imaging.images import to_image
from refedit.picturebook.evaluation.figures import Figure
from refedit.picturebook.evaluation.reader import Asked
from refedit.picturebook.world.drawing import Drawing, draw
from refedit.picturebook.world.scene import Scene, sample_scene
from refedit.picturebook.world.streams import Stream, random
from refedit.picturebook.world.true_edits import subject_mask
from refedit.segment.heat import cut_out
from refedit.segment.segmenter import Segmenter

GOAL = ">= 0.77"
"""What edits had on average that blind readers gave 3.5 of 5 or more."""
DRAWINGS = 32
"""So many drawings of the same words are compared (our choice)."""


def measure_drawn_well(model: Backbone, segmenter: Segmenter, asked: Asked) -> list[Figure]:
    """The mean over pictures, and as a bound that of drawings themselves, as a table's rows."""
    made = [to_image(picture) for picture in asked.pictures]
    boxes = found(model, segmenter, asked)
    rows, truths = [], []
    for scene, picture, box in zip(asked.scenes, made, boxes, strict=True):
        others = [contours_of(drawing) for drawing in drawings_like(scene, model.size)]
        rows.append(nearest(contours(picture, box), others))
        truths.append(nearest(contours_of(draw(scene, model.size)), others))
    what = "text to picture: drawn well, contours like the nearest drawing's"
    return [
        Figure(what=what, value=sum(rows) / len(rows), unit="", cases=len(rows), goal=GOAL),
        Figure(what="the same of drawings themselves", value=sum(truths) / len(truths), unit="", cases=len(truths)),
    ]


def found(model: Backbone, segmenter: Segmenter, asked: Asked) -> Iterator[Box]:
    """The boxes round the main subjects of pictures, as *Find it* finds them by their words."""
    for scene, picture in zip(asked.scenes, map(to_image, asked.pictures), strict=True):
        located = locate(model, picture, scene.subjects[0].kind)
        yield cut_out(segmenter, segmenter.embed(picture), located.heat).box


def drawings_like(scene: Scene, pixels: int, count: int = DRAWINGS) -> list[Drawing]:
    """Drawings of a scene's main subject on its background, each with a place, a size and a side of its own."""
    subject = scene.subjects[0]
    drawn = []
    for number in range(count):
        other = sample_scene(random(Stream.LIKE_DRAWINGS, number), kinds=(subject.kind,), count=1)
        moved = replace(other.subjects[0], pose=subject.pose, appearance=subject.appearance)
        behind = replace(other.backdrop, name=scene.backdrop.name)
        drawn.append(draw(replace(scene, subjects=(moved,), backdrop=behind), pixels))
    return drawn


def contours_of(drawing: Drawing) -> Contours:
    """Those of its main subject."""
    return contours(drawing.picture, subject_mask(drawing).box)


def nearest(own: Contours, others: Sequence[Contours]) -> float:
    """The largest likeness (1 equal) of a thing's contours to others."""
    return max(likeness(own, other) for other in others)
