"""`refedit edit`: one edit from files to a file, with a progress bar."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace

from PIL import Image
from tqdm import tqdm

from refedit.cli.segment import find
from refedit.editing.editor import Editor
from refedit.editing.request import EditEvent, EditRequest, Finished, Progress, Reference
from refedit.editing.result import Result
from refedit.editing.result_png import write_result
from refedit.errors import EditError
from refedit.imaging.images import check_png_path, read_cutout, read_mask, read_picture
from refedit.imaging.masks import Mask
from refedit.methods import Input, method_of
from refedit.models import builtin_segmenter, load_model
from refedit.picturebook.advice import notes

LEFT_OUT = "; its inputs are too large to be put inside"


def run_edit(options: argparse.Namespace) -> None:
    """Does what the command line asks; raises EditError for everything that is wrong with it."""
    _check_masks(options)
    request = _request(options)
    check_png_path(options.out)
    editor = Editor(load_model(options.model, options.device))
    request = _with_found_masks(request, options, editor)
    for note in notes(editor.facts, request):
        print(f"refedit: {note}", file=sys.stderr)
    finished = _watched(editor.edit(request))
    whole = write_result(Result.of(request, finished), options.out)
    print(f"{options.out}: {finished.seconds:.1f} s, {finished.rows} UNet rows{'' if whole else LEFT_OUT}")


def _check_masks(options: argparse.Namespace) -> None:
    """Raises EditError for two masks of one picture, and for what belongs to a reference that is not there."""
    for name in ("region", "subject"):
        if getattr(options, name) and getattr(options, f"find_{name}"):
            raise EditError(f"--{name} and --find-{name} are two masks for one picture. Give one of them.")
    for name in ("subject", "find_subject", "reference_prompt"):
        if getattr(options, name) and not options.reference:
            raise EditError(f"--{name.replace('_', '-')} is about a reference. Give --reference, or leave it out.")


def _with_found_masks(request: EditRequest, options: argparse.Namespace, editor: Editor) -> EditRequest:
    """The request with masks of the things that words name, where those are asked for."""
    if options.find_region:
        thing = _found(editor, request.source, options.find_region, request.source_prompt)
        request = replace(request, region=thing.with_room(request.method.room))
    if options.find_subject and request.reference is not None:
        subject = _found(editor, request.reference.image, options.find_subject, request.reference.prompt)
        request = replace(request, reference=replace(request.reference, subject=subject))
    return request


def _found(editor: Editor, image: Image.Image, word: str, sentence: str) -> Mask:
    return find(editor.model, builtin_segmenter(editor.model.device), image, word, sentence)


def read_values(texts: list[str]) -> dict[str, str]:
    """Parameters from NAME=VALUE; EditError if one has no value."""
    pairs = [text.partition("=") for text in texts]
    for name, equals, _ in pairs:
        if not equals:
            raise EditError(f"'--set {name}' has no value. Write NAME=VALUE.")
    return {name: value for name, _, value in pairs}


def _request(options: argparse.Namespace) -> EditRequest:
    method, reference = method_of(options.method, options.preset or "", read_values(options.set)), None
    if options.reference and Input.REFERENCE not in method.needs | method.takes:
        raise EditError(f"{method.title} takes no reference. Leave it out, or choose another method.")
    if options.reference:
        image, cutout = read_cutout(options.reference)
        subject = read_mask(options.subject) if options.subject else cutout
        reference = Reference(image=image, subject=subject, prompt=options.reference_prompt)
    return EditRequest(
        method=method,
        source=read_picture(options.source),
        prompt=options.prompt,
        source_prompt=options.source_prompt,
        region=read_mask(options.region) if options.region else None,
        reference=reference,
    )


def _watched(events: Iterator[EditEvent]) -> Finished:
    """Shows a bar until the edit is finished."""
    finished: Finished | None = None
    with tqdm(total=100, bar_format="{desc}{percentage:3.0f}%|{bar}| {elapsed} gone, {remaining} left") as bar:
        for event in events:
            match event:
                case Progress(stage=stage, step=step, of=of, fraction=fraction):
                    bar.set_description(f"{stage} {step}/{of}")
                    bar.update(100 * fraction - bar.n)
                case Finished():
                    finished = event
    assert finished is not None
    return finished
