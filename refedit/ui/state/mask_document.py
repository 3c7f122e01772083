"""One mask for all tools: brush, clicks, operations and files change it, and Undo goes back.

Knows no component of the page; everything here is a plain value.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from PIL import Image

from refedit.errors import EditError
from refedit.imaging.images import png, read_cutout, read_mask, read_picture
from refedit.imaging.masks import Mask
from refedit.segment.segmenter import Click, check_place
from refedit.ui.state.picture_with_mask import Canvas, PictureWithMask, missing, paintable, read_canvas

UNDO = 30
"""So many revisions can be undone."""

Cut = Callable[[Sequence[Click]], Mask]
"""Gives the mask of the thing that clicks show."""


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One state of a mask; masks are packed as PNG, since many revisions are kept for many visitors.

    `clicks` are those on the current thing, `base` is the mask before the first of them.
    """

    mask: bytes | None = None
    clicks: tuple[Click, ...] = ()
    base: bytes | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskDocument:
    """A picture with its mask as it is now, and the revisions that led there; every change gives a new document.

    The picture is kept as the bytes of a file, since open pages keep their documents for an hour.
    """

    file: bytes
    cutout: bytes | None = None
    now: Revision = Revision()
    past: tuple[Revision, ...] = ()

    @classmethod
    def showing(cls, picture: Image.Image) -> "MaskDocument":
        """A picture without a mask."""
        packed = io.BytesIO()
        picture.save(packed, format="PNG", compress_level=1)  # large ones have a file of their own
        return cls(file=packed.getvalue())

    @classmethod
    def of(cls, shown: PictureWithMask) -> "MaskDocument":
        return replace(cls.showing(shown.picture), cutout=_pack(shown.cutout), now=Revision(mask=_pack(shown.mask)))

    @classmethod
    def of_file(cls, file: bytes) -> "MaskDocument":
        """A picture as it was uploaded, without a mask; raises as `read_picture`."""
        return cls(file=file, cutout=_pack(read_cutout(file)[1]))

    @property
    def picture(self) -> Image.Image:
        """Not to be changed; raises as `read_picture`."""
        return _picture(self.file)

    @property
    def mask(self) -> Mask | None:
        """The mask; None if nothing is inside."""
        return _unpack(self.now.mask)

    @property
    def shown(self) -> PictureWithMask:
        return PictureWithMask(picture=self.picture, mask=self.mask, cutout=_unpack(self.cutout))

    def with_mask(self, mask: Mask | None) -> "MaskDocument":
        """With another mask, whatever made it; EditError if it is not of the picture's size."""
        if mask is not None and mask.size != self.picture.size:
            raise EditError(
                f"The mask is {mask.size[0]}x{mask.size[1]} pixels, its picture "
                f"{self.picture.width}x{self.picture.height}. Use a mask of the picture's size."
            )
        return self._revised(Revision(mask=_pack(mask)))

    def with_painted_mask(self, mask: Mask | None) -> "MaskDocument":
        """With the mask of a canvas; the same document if nobody has painted since."""
        return self if _alike(self.mask, mask) else self.with_mask(mask)

    def clicked(self, click: Click, cut: Cut) -> "MaskDocument":
        """With one more click.

        A click inside adds the thing there, further ones and clicks outside refine it. A click outside where the
        mask was before the thing at hand, or without one, takes the thing there away.
        """
        check_place(click.x, click.y, self.picture.size)
        anew = self._starts_anew(click)
        clicks = (click,) if anew else (*self.now.clicks, click)
        base = self.now.mask if anew else self.now.base
        mask = _combined(_unpack(base), clicks, cut)
        return self._revised(Revision(mask=_pack(mask), clicks=clicks, base=base))

    def _starts_anew(self, click: Click) -> bool:
        if not self.now.clicks:
            return True
        if not self.now.clicks[0].inside:
            return click.inside
        base = _unpack(self.now.base)
        if click.inside or base is None:
            return False
        x, y = (min(int(at), side - 1) for at, side in zip((click.x, click.y), base.size, strict=True))
        return bool(base.values[y, x] >= 0.5)

    def next_thing(self) -> "MaskDocument":
        """The next click is on another thing; the mask stays."""
        return replace(self, now=Revision(mask=self.now.mask))

    def undone(self) -> "MaskDocument":
        """One revision back; the same document if there is none."""
        return replace(self, now=self.past[-1], past=self.past[:-1]) if self.past else self

    def _revised(self, revision: Revision) -> "MaskDocument":
        return replace(self, now=revision, past=(*self.past, self.now)[-UNDO:])


def document_of(canvas: Canvas | None, name: str, known: MaskDocument | None = None) -> MaskDocument:
    """The document of what a canvas shows; EditError if it is empty.

    `known` is continued if the canvas still shows its picture.
    """
    shown = read_canvas(canvas, name)
    if shown is None:
        raise missing(name)
    if known is None or not _same_picture(known.picture, shown.picture):
        # Strokes on a new picture can be undone.
        return MaskDocument.of(replace(shown, mask=None)).with_painted_mask(shown.mask)
    return known.with_painted_mask(shown.mask)


def kept_document(document: MaskDocument | None, name: str) -> MaskDocument:
    """A document that was kept for clicks; EditError if Gradio has forgotten it, as it does after an hour."""
    if document is None:
        raise EditError(f"There is no {name} picture, or it was kept for clicks for over an hour. Add it again.")
    return document


@lru_cache(maxsize=4)
def _picture(file: bytes) -> Image.Image:
    return read_picture(file)


def _combined(base: Mask | None, clicks: tuple[Click, ...], cut: Cut) -> Mask | None:
    if clicks[0].inside:
        thing = cut(clicks)
        return thing if base is None else Mask.union([base, thing])
    return base and base.subtract(cut([replace(click, inside=not click.inside) for click in clicks]))


def _pack(mask: Mask | None) -> bytes | None:
    return None if mask is None or mask.is_empty else png(paintable(mask).to_image())


def _unpack(packed: bytes | None) -> Mask | None:
    return None if packed is None else read_mask(packed)


def _alike(first: Mask | None, second: Mask | None) -> bool:
    if first is None or second is None:
        return first is second
    # A canvas may change a level by rounding; a stroke changes more.
    return first.size == second.size and bool(np.abs(first.values - second.values).max() < 0.1)


def _same_picture(first: Image.Image, second: Image.Image) -> bool:
    return first.size == second.size and first.tobytes() == second.tobytes()
