"""What a study answers over HTTP: the participant's page, its pictures, the votes, and the researcher's export.

A Starlette app, to be mounted at /study beside the Gradio page or served alone. A participant's requests carry the
token as `Authorization: Bearer`; nothing that a browser receives names an arm.
"""

from dataclasses import asdict, dataclass
from functools import partial
from hmac import compare_digest
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError  # a requirement of gradio
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from refedit.errors import EditError
from refedit.study.data import records
from refedit.study.data.export import codebook, table_csv
from refedit.study.data.pairs import PICTURE_ID, PICTURES, Side
from refedit.study.data.said import (
    Answer,
    Contradiction,
    Elsewhere,
    Event,
    Full,
    Source,
    TooFast,
    Unfinished,
    Unknown,
)
from refedit.study.data.store import Given
from refedit.study.running import Study
from refedit.web.rates import TOO_FAST, Rates

STATIC = Path(__file__).parent / "static"
SCRIPTED = ("page.css", *(f"{name}.js" for name in ("page", "closer", "outbox", "pictures", "prose", "trial")))
"""What page.html asks for; the other files are the live study's."""
NEWCOMERS = 300.0
"""People of one network address who may begin at once; later ones a few a minute (our choice)."""
LARGEST = 100_000
"""Bytes of a participant's message."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "connect")),
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self' https://huggingface.co https://*.hf.space",  # a Space stands in a frame there
    )
)
HEADERS = {"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": POLICY}
STATUS: dict[type[EditError], int] = {
    Unknown: 404,
    Elsewhere: 410,
    Contradiction: 409,
    Unfinished: 409,
    Full: 403,
    TooFast: 422,
}
"""What each refusal is in HTTP; any other EditError is a bad request."""

Message = TypeVar("Message")


@dataclass(frozen=True, kw_only=True)
class Start:
    """Somebody agrees: to the text of this checksum, coming from a recruiter as `outside` ("" by a link)."""

    consent: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    outside: Annotated[str, Field(max_length=200)] = ""
    source: Source = Source.LINK
    pictures: bool = False


@dataclass(frozen=True, kw_only=True)
class Vote:
    """An answer, or a change of one."""

    answer: Answer
    change: bool = False


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Somebody does not agree."""

    why: Literal["refused"]


def study_app(study: Study) -> Starlette:
    """The app of a study, for the path that it is mounted at."""
    asked = _Participants(study)
    told = _Researcher(study)
    routes = [
        Route("/", partial(_static, "page.html")),
        *(Route(f"/{name}", partial(_static, name)) for name in SCRIPTED),
        Route("/picture/{picture}.png", partial(_picture, study)),
        Route("/api/study", asked.study),
        Route("/api/start", asked.start, methods=["POST"]),
        Route("/api/leave", asked.leave, methods=["POST"]),
        Route("/api/session", asked.session),
        Route("/api/answer", asked.answer, methods=["POST"]),
        Route("/api/event", asked.event, methods=["POST"]),
        Route("/api/finish", asked.finish, methods=["POST"]),
        Route("/api/withdraw", asked.withdraw, methods=["POST"]),
        Route("/api/health", _health),
        Route("/api/admin/status", told.status),
        Route("/api/admin/codebook.json", told.codebook),
        Route("/api/admin/{table}.csv", told.table),
    ]
    return Starlette(routes=routes, exception_handlers={EditError: _refused})  # type: ignore[dict-item]


class _Participants:
    """What a participant's browser asks for."""

    def __init__(self, study: Study) -> None:
        self.of, self.store = study, study.store
        self.newcomers = Rates(NEWCOMERS, per_second=0.2)

    async def study(self, request: Request) -> Response:
        """What everybody may know: texts, numbers, and what is agreed to."""
        definition = self.of.definition
        return _json(
            {
                "title": definition.title,
                "kind": definition.kind,
                "contact": definition.contact,
                "consent": self.of.consent,
                "consent_sha256": self.of.consent_sha256,
                "study": definition.sha256[:16],
                "no_preference": definition.no_preference,
                "minimum_ms": definition.minimum_ms,
                "prolific": definition.recruit.prolific is not None,
            }
        )

    async def start(self, request: Request) -> Response:
        if not self.newcomers.spend(request.client.host if request.client else ""):
            return _json({"error": TOO_FAST}, status=429)
        start = await _read(Start, request)
        if start.consent != self.of.consent_sha256:
            raise EditError("The consent text has changed. Reload the page and read it again.")
        if start.source is Source.PROLIFIC and not start.outside:
            raise EditError("The link lacks your Prolific id. Open the study from Prolific again.")
        enrol = partial(self.store.enrol, start.source, start.outside, start.consent, start.pictures)
        try:
            return _json({"token": await run_in_threadpool(enrol)})
        except Full as full:
            await run_in_threadpool(self.store.count, "screened")
            return _json({"error": str(full), "link": self.of.exits.screened}, status=STATUS[Full])

    async def leave(self, request: Request) -> Response:
        await _read(Leaving, request)
        await run_in_threadpool(self.store.count, "refused")
        return _json({"link": self.of.exits.refused})

    async def session(self, request: Request) -> Response:
        token = _token(request)
        person = await run_in_threadpool(self.store.person, token)
        trials = await run_in_threadpool(self.store.trials, token)
        questions = {question.id: question.text for question in self.of.definition.questions}
        told = [_told(given, questions[given.question]) for given in trials]
        return _json({"trials": told, "finished": person.finished, "pictures": person.pictures, "test": person.test})

    async def answer(self, request: Request) -> Response:
        token, vote = _token(request), await _read(Vote, request)
        await run_in_threadpool(self.store.answer, token, vote.answer, vote.change)
        return _json({"stored": True})

    async def event(self, request: Request) -> Response:
        token, event = _token(request), await _read(Event, request)
        await run_in_threadpool(self.store.note, token, event)
        return _json({"stored": True})

    async def finish(self, request: Request) -> Response:
        """Where to go now: told once all is stored, and in the bucket if there is one; 202 until then."""
        token = _token(request)
        await run_in_threadpool(self.store.finish, token)
        try:
            if self.of.shipper:
                await run_in_threadpool(self.of.shipper.ship)
        except OSError:
            return _json({"waiting": True}, status=202)
        return _json({"link": self.of.exits.completed})

    async def withdraw(self, request: Request) -> Response:
        """Deletes everything; 503 if the bucket cannot be reached, which is tried again until it can."""
        await run_in_threadpool(self.store.withdraw, _token(request))
        try:
            if self.of.shipper:
                await run_in_threadpool(self.of.shipper.ship)
        except OSError:
            return _json({"error": "Your answers are deleted here. Their copy will be within a minute."}, status=202)
        return _json({"withdrawn": True})


class _Researcher:
    """What only the holder of the admin's token gets; to everybody else it is not there."""

    def __init__(self, study: Study) -> None:
        self.of = study

    def _check(self, request: Request) -> None:
        given = _token(request).encode()
        if not self.of.admin or not compare_digest(given, self.of.admin.encode()):
            raise Unknown("There is no such page.")

    async def table(self, request: Request) -> Response:
        self._check(request)
        name = request.path_params["table"]
        text = await run_in_threadpool(lambda: table_csv(name, self.of.store.connection()))
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
        return PlainTextResponse(text, media_type="text/csv", headers=HEADERS | headers)

    async def codebook(self, request: Request) -> Response:
        self._check(request)
        return _json(codebook())

    async def status(self, request: Request) -> Response:
        self._check(request)
        return _json(await run_in_threadpool(self._counted))

    def _counted(self) -> dict[str, Any]:
        counted = asdict(records.progress(self.of.store.connection()))
        return counted | {"unshipped": self.of.shipper.waiting() if self.of.shipper else 0}


def _told(given: Given, question: str) -> dict[str, Any]:
    """A trial as the browser may know it: no arm, no kind, no answer but that there is one."""
    pair = given.pair
    left, right = (pair.first, pair.second) if given.left is Side.FIRST else (pair.second, pair.first)
    return {
        "position": given.position,
        "showing": given.showing,
        "question": question,
        "prompt": pair.prompt,
        "left": left,
        "right": right,
        "source": pair.source,
        "reference": pair.reference,
        "mask": pair.mask,
        "answered": given.choice is not None,
        "changed": given.changed,
    }


async def _static(name: str, request: Request) -> Response:
    return FileResponse(STATIC / name, headers=HEADERS | {"Cache-Control": "no-cache"})


async def _picture(study: Study, request: Request) -> Response:
    picture = request.path_params["picture"]
    file = study.folder / PICTURES / f"{picture}.png"
    if not PICTURE_ID.fullmatch(picture) or not file.is_file():
        raise Unknown("There is no such picture.")
    # Immutable, else a browser asks again and the picture flashes. Not as a file, whose date would tell arms apart.
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    return Response(await run_in_threadpool(file.read_bytes), media_type="image/png", headers=HEADERS | headers)


async def _health(request: Request) -> Response:
    return _json({"ok": True})


async def _refused(request: Request, error: EditError) -> Response:
    return _json({"error": str(error)}, status=STATUS.get(type(error), 400))


async def _read(kind: type[Message], request: Request) -> Message:
    """The message in a request's body; EditError unless it is JSON of that kind."""
    body = await request.body()
    if len(body) > LARGEST:
        raise HTTPException(413)
    try:
        return TypeAdapter(kind).validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the message"
        raise EditError(f"The message is wrong at '{where}': {first['msg']}.") from None


def _token(request: Request) -> str:
    """The token of a request, "" if it has none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _json(told: Any, status: int = 200) -> Response:
    return JSONResponse(told, status, HEADERS | {"Cache-Control": "no-store"})
