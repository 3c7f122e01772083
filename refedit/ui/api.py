"""The endpoints for programs, `/edit`, `/segment` and `/find`; everything else on the page is private."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from refedit.editing.line import check_work
from refedit.editing.request import EditRequest, Finished, Preview, Progress, Reference
from refedit.editing.result import Result
from refedit.editing.result_png import write_result
from refedit.editing.service import EditingService
from refedit.errors import EditError
from refedit.imaging.images import read_cutout, read_mask, read_picture, write_picture
from refedit.imaging.masks import Mask
from refedit.keeping.memory import give_back
from refedit.methods import METHODS, Input, method_of
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.segment.segmenter import read_clicks
from refedit.ui.events.running_edits import paced
from refedit.ui.events.visitors import EDITS, TOO_MANY_EDITS, Looks, asked_by
from refedit.ui.state.handed_out import address_of, handed_to
from refedit.ui.state.received import held, unpacking, uploaded

Answer = tuple[dict[str, Any], str | None]
EDIT_HELP = """Edits a picture and streams what happens; the last answer has the result.

Pictures are uploaded files or data: URLs. Addresses on the web (http, https) are refused: nothing is fetched.

Args:
    method: the name of a method. {methods}
    source: the picture to edit: PNG, JPEG or WebP.
    prompt: a sentence about the finished picture.
    source_prompt: the same about the source as it is, for methods that need it: {source_prompt}.
    region: a mask of the source's size, white where it may change; without one the words or the method decide.
    reference: the picture to take from, for methods that need one: {reference}.
    subject: a mask of the reference's size, white where to take from; without one, the middle square.
    preset: the name of a preset; empty for the first one.
    settings: parameters that differ from the preset, by name.
    reference_prompt: the text of the reference's inversion; empty as in SpecRef's code.

Returns:
    What happens (kind: "progress", "preview" or "finished") and a picture, if there is one. The finished one
    carries its parameters and, unless they are very large, its inputs.
"""
"""What programs are told of `/edit`; `{...}` stands for what the methods at hand say of themselves."""


def draw_api(editor: EditingService, embeddings: EmbeddingCache, looks: Looks) -> None:
    """Adds the endpoints to the open gr.Blocks, on components that no visitor sees."""
    _draw_edit(editor)
    _draw_segment(embeddings, looks)
    _draw_find(editor, embeddings, looks)


def _draw_edit(editor: EditingService) -> None:
    inputs = [
        gr.Textbox(next(iter(METHODS)), label="method", visible=False),
        _file("source"),
        gr.Textbox(label="prompt", visible=False),
        gr.Textbox("", label="source prompt", visible=False),
        *(_file(name) for name in ("region", "reference", "subject")),
        gr.Textbox("", label="preset", visible=False),
        _settings(),
        gr.Textbox("", label="reference prompt", visible=False),
    ]
    outputs = [gr.JSON(label="what happens", visible=False), _file("picture")]
    about: dict[str, Any] = {"api_name": "edit", "concurrency_limit": None}
    gr.Button(visible=False).click(_edit(editor), inputs, outputs, show_progress="hidden", **about)


def _edit(editor: EditingService) -> Callable[..., Iterator[Answer]]:
    under_way = Looks(EDITS, TOO_MANY_EDITS)

    def edit(
        method: str,
        source: str,
        prompt: str,
        source_prompt: str = "",
        region: str | None = None,
        reference: str | None = None,
        subject: str | None = None,
        preset: str = "",
        settings: dict[str, Any] | None = None,
        reference_prompt: str = "",
        visitor: gr.Request | None = None,
    ) -> Iterator[Answer]:
        with errors_answered(), under_way.by(address_of(visitor)), handed_to(visitor) as folder:
            texts = {"method": method, "prompt": prompt, "source_prompt": source_prompt, "preset": preset}
            _check_kinds({**texts, "reference_prompt": reference_prompt}, settings)
            check_work([chosen := method_of(method, preset, settings or {})])
            sent = _sent(source=source or "", region=region, reference=reference, subject=subject)
            with held(*sent):
                with unpacking(*sent):
                    request = EditRequest(
                        method=chosen,
                        source=read_picture(source),
                        prompt=prompt,
                        source_prompt=source_prompt,
                        region=read_mask(region) if region else None,
                        reference=_reference(reference, subject, reference_prompt),
                    )
                yield from answers(asked_by(editor, visitor), request, folder)

    edit.__doc__ = _edit_help()
    return edit


def _edit_help() -> str:
    needing = {need: ", ".join(m.name for m in METHODS.values() if need in m.needs) or "none" for need in Input}
    methods = " ".join(f"{method.name}: {method.summary}" for method in METHODS.values())
    return EDIT_HELP.format(methods=methods, **needing)


def _check_kinds(texts: dict[str, Any], settings: Any) -> None:
    """EditError for what JSON can hold in place of a text or of settings."""
    for name, text in texts.items():
        if not isinstance(text, str):
            raise EditError(f"'{name}' is no text. Send a string, which may be empty where it is not needed.")
    if settings is not None and not isinstance(settings, dict):
        raise EditError("'settings' is no object. Send parameters by name, as {\"steps\": 20}.")


def _draw_segment(embeddings: EmbeddingCache, looks: Looks) -> None:
    def segment(picture: str, clicks: str, visitor: gr.Request | None = None) -> str:
        """A mask of the things that clicks show.

        The picture is an uploaded file or a data: URL. Addresses on the web (http, https) are refused.

        Args:
            picture: PNG, JPEG or WebP.
            clicks: one X,Y per line in pixels from the top left for places inside, X,Y,- for places outside.

        Returns:
            A PNG of the picture's size, white inside.
        """
        with errors_answered(), looks.by(address_of(visitor)), handed_to(visitor) as folder:
            with unpacking(*_sent(picture=picture or "")):
                mask = embeddings.mask(read_picture(picture), read_clicks(clicks))
            return _written(mask, folder, {"clicks": clicks})

    inputs = [_file("picture"), gr.Textbox(label="clicks", visible=False)]
    gr.Button(visible=False).click(
        segment, inputs, _file("mask"), api_name="segment", concurrency_limit=None, show_progress="hidden"
    )


def _draw_find(editor: EditingService, embeddings: EmbeddingCache, looks: Looks) -> None:
    def find(picture: str, word: str, sentence: str = "", visitor: gr.Request | None = None) -> str:
        """A mask of the thing that a word names; an error says if the model sees no such thing.

        The picture is an uploaded file or a data: URL. Addresses on the web (http, https) are refused.

        Args:
            picture: PNG, JPEG or WebP.
            word: a word for the thing, such as "cat".
            sentence: what the picture shows, with the word in it; may be empty.

        Returns:
            A PNG of the picture's size, white inside.
        """
        with errors_answered(), looks.by(address_of(visitor)), handed_to(visitor) as folder:
            _check_kinds({"word": word, "sentence": sentence}, None)
            with unpacking(*_sent(picture=picture or "")):
                image = read_picture(picture)
            located = editor.locate(image, word, sentence)
            if not located.there:
                raise EditError(f"The model sees no '{word[:60]}' in the picture. Click on the thing instead.")
            return _written(embeddings.thing(image, located.heat), folder, {"word": word})

    texts = [gr.Textbox("", label=name, visible=False) for name in ("word", "sentence")]
    gr.Button(visible=False).click(
        find, [_file("picture"), *texts], _file("mask"), api_name="find", concurrency_limit=None, show_progress="hidden"
    )


def answers(editor: EditingService, request: EditRequest, folder: Path) -> Iterator[Answer]:
    """The events of an edit as plain values, with pictures as files in `folder`."""
    cancel = threading.Event()
    try:
        with closing(editor.edit(request, cancel)) as events:  # type: ignore[type-var]
            for number, event in enumerate(paced(events)):
                match event:
                    case Progress():
                        yield {"kind": "progress", **vars(event)}, None
                    case Preview():
                        seen = folder / f"preview-{number}.jpg"  # one that is read meanwhile stays as it is
                        event.image.save(seen)
                        preview = {"stage": event.stage, "step": event.step, "of": event.of}
                        yield {"kind": "preview", **preview}, str(seen)
                    case Finished():
                        write_result(Result.of(request, event), folder / "result.png")
                        finished = {"seconds": event.seconds, "rows": event.rows, "parameters": dict(event.parameters)}
                        yield {"kind": "finished", **finished}, str(folder / "result.png")
    finally:
        cancel.set()
        give_back()


@contextmanager
def errors_answered() -> Iterator[None]:
    """Turns an EditError into Gradio's own error, whose message reaches the client."""
    try:
        yield
    except EditError as error:
        raise gr.Error(str(error), print_exception=False) from None


def _sent(**files: str | None) -> list[Path]:
    """The files that were sent, by their names; EditError for "", which is a missing one, and for one that is gone."""
    if missing := [name for name, path in files.items() if path == ""]:
        raise EditError(f"There is no {missing[0]}. Send a picture file.")
    return [uploaded(path, name) for name, path in files.items() if path is not None]


def _written(mask: Mask, folder: Path, parameters: Mapping[str, str]) -> str:
    """The file of a mask, as Gradio hands it out."""
    write_picture(mask.to_image(), folder / "mask.png", parameters)
    return str(folder / "mask.png")


def _reference(path: str | None, subject: str | None, prompt: str) -> Reference | None:
    if not path:
        return None
    image, cutout = read_cutout(path)
    return Reference(image=image, subject=read_mask(subject) if subject else cutout, prompt=prompt)


def _settings() -> gr.JSON:
    settings = gr.JSON({}, label="settings", visible=False)
    # Gradio's own is {"type": {}}: no valid schema, so that language models' tools refuse every call.
    settings.api_info = lambda: {"type": "object", "description": "parameters by name"}  # type: ignore[method-assign]
    return settings


def _file(label: str) -> gr.File:
    return gr.File(label=label, visible=False, file_types=["image"])
