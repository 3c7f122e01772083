"""A request as a model reads it: its sentences, and the parameters that name words of them.

Also what people are told about that. Knows no model and no page.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from refedit.diffusion.vocabulary import Reading
from refedit.editing.request import EditRequest
from refedit.errors import EditError
from refedit.methods import Input, Method, parameters_of, with_values

Read = Callable[[str], Reading]
"""A model's way of reading a sentence."""


def as_read(request: EditRequest, read: Read) -> EditRequest:
    """The request with what the model reads in place of what was written; EditError if that is nothing."""
    prompt, source_prompt = read(request.prompt), read(request.source_prompt)
    _check(request.prompt, prompt)
    if Input.SOURCE_PROMPT in request.method.needs:
        _check(request.source_prompt, source_prompt)
    reference = request.reference and replace(request.reference, prompt=read(request.reference.prompt).text)
    return replace(
        request,
        method=_with_read_words(request.method, dict(prompt.replaced) | dict(source_prompt.replaced)),
        prompt=prompt.text,
        source_prompt=source_prompt.text,
        reference=reference,
    )


def _check(written: str, reading: Reading) -> None:
    if reading.text.strip():
        return
    if any(word.known for word in reading.left_out):
        raise EditError(f"There is nothing to draw in '{written[:80]}'. Describe the picture as it should be.")
    offers = " or ".join(f"'{word.nearest}'" for word in reading.left_out if word.nearest)
    advice = f"Did you mean {offers}?" if offers else "Use other words, or another model."
    raise EditError(f"The model knows no word of '{written[:80]}'. {advice}")


def _with_read_words(method: Method, instead: dict[str, str]) -> Method:
    """The method with what is read in its parameters that name words, such as SpecRef's target words."""
    if not instead:
        return method
    texts = [item.name for item in parameters_of(type(method)) if item.kind is str and not item.choices]
    return with_values(method, {name: _renamed(getattr(method, name), instead) for name in texts})


def _renamed(text: str, instead: dict[str, str]) -> str:
    return re.sub(r"[^\W\d_]+", lambda found: instead.get(found[0].lower(), found[0]), text)


def notes_on(sentence: str, reading: Reading) -> Iterator[str]:
    """What to tell somebody about the reading of a sentence; nothing if it is read as it stands."""
    for word in reading.left_out:
        if word.known:
            yield f"The model cannot draw “{word.word}” here, so it leaves it out."
            continue
        offer = f" Did you mean “{word.nearest}”?" if word.nearest else ""
        yield f"The model does not know “{word.word}” and leaves it out.{offer}"
    if reading.text and reading.text.lower().split() != sentence.lower().split():
        yield f"It reads: “{reading.text}”."


def reading_notes(request: EditRequest, read: Read) -> tuple[str, ...]:
    """What to tell about a request's sentences, each note once."""
    sentences = [request.prompt, request.source_prompt] if request.source_prompt else [request.prompt]
    return tuple(dict.fromkeys(note for sentence in sentences for note in notes_on(sentence, read(sentence))))
