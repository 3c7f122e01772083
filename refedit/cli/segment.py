"""`refedit segment`: a mask file from clicks, a box or a word, for `edit --region` and `--subject`."""

import argparse
import sys

from PIL import Image

from refedit.diffusion.backbone import Backbone
from refedit.editing.locate import locate
from refedit.editing.service import unsure
from refedit.errors import EditError
from refedit.imaging.images import check_png_path, read_picture, write_picture
from refedit.imaging.masks import Mask
from refedit.machine.device import pick_device
from refedit.models import builtin_segmenter, load_model
from refedit.segment.heat import cut_out
from refedit.segment.segmenter import Box, Segmenter, read_click
from refedit.segment.selection import select

LEAST = 0.001
"""The part of a picture below which a mask is hardly what was meant."""


def run_segment(options: argparse.Namespace) -> None:
    """Does what the command line asks; raises EditError for everything that is wrong with it."""
    check_png_path(options.out)
    if options.word and (options.click or options.box is not None):
        raise EditError("--word stands in place of clicks and a box. Give one or the other.")
    image, clicks = read_picture(options.image), [read_click(text) for text in options.click]
    box = None if options.box is None else read_box(options.box)
    device = pick_device(options.device)[0]
    segmenter = Segmenter.load(options.checkpoint, device) if options.checkpoint else builtin_segmenter(device)
    if options.word:
        model = load_model(options.model, options.device)
        mask = find(model, segmenter, image, options.word, options.sentence)
    else:
        mask = select(segmenter, segmenter.embed(image), clicks, box)
    asked = {"clicks": "; ".join(options.click), "box": options.box or "", "word": options.word}
    write_picture(mask.to_image(), options.out, asked)
    print(f"{options.out}: {100 * float(mask.values.mean()):.1f} % of the picture, by {segmenter.about}")
    if mask.values.mean() < LEAST:
        print("refedit: That is almost nothing. Click inside the thing, or draw the box round it.", file=sys.stderr)


def find(model: Backbone, segmenter: Segmenter, image: Image.Image, word: str, sentence: str = "") -> Mask:
    """The mask of the thing that a word names; says so on standard error if the model sees no such thing."""
    located = locate(model, image, word, sentence)
    if not located.there:
        print(f"refedit: {unsure(word)}", file=sys.stderr)
    return cut_out(segmenter, segmenter.embed(image), located.heat)


def read_box(text: str) -> Box:
    """A box from "L,T,R,B"; EditError for anything else."""
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        raise EditError(f"'{text}' is no box. Write L,T,R,B: its left, top, right and bottom in pixels.") from None
    return left, top, right, bottom
