"""`refedit segment`: a mask file from clicks, for `edit --region` and `--subject`."""

import argparse

from refedit.errors import EditError
from refedit.images import read_picture, write_picture
from refedit.segment import Click, Segmenter
from refedit.stable_diffusion import pick_device


def run_segment(options: argparse.Namespace) -> None:
    """Does what the command line asks; raises EditError for everything that is wrong with it."""
    image, clicks = read_picture(options.image), [read_click(text) for text in options.click]
    if not all(0 <= click.x < image.width and 0 <= click.y < image.height for click in clicks):
        raise EditError(f"A click lies outside the picture, which is {image.width}x{image.height} pixels.")
    segmenter = Segmenter.load(options.checkpoint, pick_device(options.device)[0])
    mask = segmenter.mask(segmenter.embed(image), clicks)
    write_picture(mask.to_image(), options.out, {"clicks": "; ".join(options.click)})
    print(f"{options.out}: {100 * float(mask.values.mean()):.1f} % of the picture")


def read_click(text: str) -> Click:
    """A click from "X,Y", or "X,Y,-" for a place outside the thing; EditError for anything else."""
    parts = [part.strip() for part in text.split(",")]
    try:
        if len(parts) not in (2, 3) or parts[2:] not in ([], ["+"], ["-"]):
            raise ValueError(text)
        return Click(float(parts[0]), float(parts[1]), inside=parts[2:] != ["-"])
    except ValueError:
        raise EditError(f"'{text}' is no click. Write X,Y for a place inside, X,Y,- for one outside.") from None
