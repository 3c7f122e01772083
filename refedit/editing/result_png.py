"""Results that remember how they were made: as text inside their PNG, read back into a request.

The text "refedit" is JSON: version, model, method, settings, prompts, seconds. The inputs lie beside it as PNG files in
base64, "refedit-source" and so on; a result may go without them. Other programs keep or drop all that as they like.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from refedit.editing import provenance
from refedit.editing.request import LONGEST_PROMPT, EditRequest, Recipe, Reference
from refedit.editing.result import Result
from refedit.errors import EditError
from refedit.imaging.images import png, read_mask, read_picture, read_text, write_picture
from refedit.imaging.masks import Mask
from refedit.keeping.memory import pixels_of
from refedit.methods import METHODS, Method, parameters_of, values_of, with_values

KEY = "refedit"
VERSION = 1
PARTS = ("source", "reference", "region", "subject", "used")
"""The names of the inputs, and of where the edit was pasted."""
LARGEST = 192 << 20
"""Bytes of a file that is read."""
LARGEST_TEXT = 60 << 20
"""Characters of text in it: Pillow refuses to read more than 64 MB of that."""


def text_of(result: Result, inputs: bool = True) -> dict[str, str]:
    """What a result's PNG carries: the parameters for people, the recipe, and the inputs if they are wanted.

    And what tells programs that a model edited it.
    """
    recipe = result.recipe
    told = {
        "version": VERSION,
        "model": result.model,
        "method": recipe.method.name,
        "settings": values_of(recipe.method),
        "prompt": recipe.prompt,
        "source_prompt": recipe.source_prompt,
        "reference_prompt": recipe.reference_prompt,
        "seconds": round(result.seconds, 3),
    }
    pictures = _pictures(result) if inputs else {}
    recorded = {KEY: json.dumps(told, ensure_ascii=False), provenance.KEY: provenance.packet()}
    return {**result.parameters, **recorded, **pictures}


def _pictures(result: Result) -> dict[str, str]:
    parts: dict[str, Image.Image | Mask | None] = {"used": result.pasted}
    if (request := result.request) is not None:
        parts |= {"source": request.source, "region": request.region}
        if (reference := request.reference) is not None:
            parts |= {"reference": reference.image, "subject": reference.subject}
    return {f"{KEY}-{name}": _spelled(part) for name, part in parts.items() if part is not None}


def write_result(result: Result, path: Path, inputs: bool = True) -> bool:
    """Writes a PNG that `read_result` reads, with the inputs if they are wanted; tells whether they are inside.

    Inputs of more than `LARGEST_TEXT` are left out, since nothing could read the file. Raises as `write_picture`.
    """
    text = text_of(result, inputs)
    if inputs and sum(map(len, text.values())) > LARGEST_TEXT:
        return write_result(result, path, inputs=False)
    write_picture(result.image, path, text)
    return inputs


def read_result(file: Path | bytes, most: int | None = None) -> Result:
    """The result that a PNG carries; EditError if it carries none, or one that is damaged or from elsewhere.

    `most` are the pixels that its pictures and masks may have together, which is looked at before any is unpacked.
    """
    if (len(file) if isinstance(file, bytes) else file.stat().st_size) > LARGEST:
        raise EditError(f"The file is larger than {LARGEST >> 20} MB. Results of RefEdit are smaller.")
    text = read_text(file)
    if KEY not in text:
        raise EditError("This picture carries no parameters. Choose a PNG that was downloaded from RefEdit.")
    if most is not None:
        _check_together([file, *(_file(text, name) for name in PARTS if f"{KEY}-{name}" in text)], most)
    told = _told(text[KEY])
    prompts = {name: told[name] for name in ("prompt", "source_prompt", "reference_prompt")}
    recipe = Recipe(method=_method(told), **prompts)
    hidden = {KEY, provenance.KEY, *(name for name in text if name.startswith(f"{KEY}-"))}
    return Result(
        image=read_picture(file),
        model=told["model"],
        recipe=recipe,
        request=_request(recipe, text),
        pasted=_mask(text, "used"),
        seconds=float(told["seconds"]),
        parameters={name: value for name, value in text.items() if name not in hidden},
    )


def _check_together(pictures: Iterable[Path | bytes], most: int) -> None:
    pixels = sum(map(pixels_of, pictures))
    if pixels > most:
        raise EditError(
            f"The pictures in this result have {pixels / 1e6:.0f} megapixels together; the limit is {most / 1e6:.0f}."
        )


def _told(text: str) -> dict[str, Any]:
    """What the recipe's JSON holds; EditError unless everything in it is of its kind."""
    kinds: dict[str, Any] = {"version": int, "model": str, "method": str, "settings": dict, "seconds": int | float}
    kinds |= dict.fromkeys(("prompt", "source_prompt", "reference_prompt"), str)
    try:
        told = json.loads(text)
        sound = all(isinstance(told[name], kind) for name, kind in kinds.items())
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound or any(len(told[name]) > LONGEST_PROMPT for name in ("prompt", "source_prompt", "reference_prompt")):
        raise _damaged()
    if told["version"] != VERSION:
        raise EditError(f"This result was written by another version of RefEdit ({told['version']}).")
    return dict(told)


def _method(told: Mapping[str, Any]) -> Method:
    if told["method"] not in METHODS:
        raise EditError(f"This result was made with '{told['method']}', which this RefEdit does not know.")
    kind = METHODS[told["method"]]
    legacy = {item.name: item.legacy_default for item in parameters_of(kind) if item.legacy_default is not None}
    return with_values(next(iter(kind.presets().values())), legacy | told["settings"])


def _request(recipe: Recipe, text: Mapping[str, str]) -> EditRequest | None:
    """The edit with the pictures that lie beside its recipe; None if they were left out."""
    if f"{KEY}-source" not in text:
        return None
    reference = None
    if f"{KEY}-reference" in text:
        picture, subject = read_picture(_file(text, "reference")), _mask(text, "subject")
        reference = Reference(image=picture, subject=subject, prompt=recipe.reference_prompt)
    return EditRequest(
        method=recipe.method,
        source=read_picture(_file(text, "source")),
        prompt=recipe.prompt,
        source_prompt=recipe.source_prompt,
        region=_mask(text, "region"),
        reference=reference,
    )


def _mask(text: Mapping[str, str], name: str) -> Mask | None:
    return read_mask(_file(text, name)) if f"{KEY}-{name}" in text else None


def _file(text: Mapping[str, str], name: str) -> bytes:
    try:
        return base64.b64decode(text[f"{KEY}-{name}"], validate=True)
    except (binascii.Error, ValueError):
        raise _damaged() from None


def _spelled(part: Image.Image | Mask) -> str:
    return base64.b64encode(png(part.to_image() if isinstance(part, Mask) else part)).decode("ascii")


def _damaged() -> EditError:
    return EditError("The parameters in this picture are damaged. Choose another file.")
