"""Makes a Space on the Hugging Face Hub from a deployment, or tells which calls would.

A call is a plain value, so that what is told and what is done is the same.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from refedit.errors import EditError
from refedit.hosting.deployment import OF_THE_HUB, STUDY, STUDY_FOLDER, Deployment
from refedit.hosting.space import HUB, Spacefile

PATIENCE = 1800.0
"""Seconds for which a Space may build and start."""
LOOK = 5.0
"""Seconds between two looks at it."""
LOG_IN = "Make a token that may write at huggingface.co/settings/tokens, then run: hf auth login"
OURS = "Spacefile"
"""A Space that has files but not this one is another app's."""
ASLEEP = ("PAUSED", "STOPPED", "SLEEPING")
"""Stages in which new files alone may start nothing."""
COMMIT = "create_commit"
HIDDEN = "..."


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of huggingface_hub's HfApi; `shown` has words for arguments that are too long or too secret to print."""

    name: str
    arguments: Mapping[str, Any]
    shown: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        told = [f"{name}={self.shown.get(name) or repr(value)}" for name, value in self.arguments.items()]
        return f"{self.name}({', '.join(told)})"


@dataclass(frozen=True, kw_only=True)
class Present:
    """A Space that exists: its files' paths, its variables, the hardware that it has or waits for, and its stage."""

    files: Collection[str]
    variables: Mapping[str, str]
    hardware: str
    stage: str


def rehearse(wanted: Deployment) -> Iterator[str]:
    """The calls that would make a new Space, and what it would hold; asks nobody."""
    _check(wanted)
    yield f"A rehearsal: nothing is sent. {_about(wanted)}"
    if not _logged_in():
        yield f"  You are not logged in. {LOG_IN}"
    yield from (f"  {call}" for call in calls(wanted))
    yield from (f"    {line}" for line in _folders(wanted))
    yield f"  wait_for_space(repo_id={wanted.name!r})"
    yield "  GET https://(the Space's own address)/gradio_api/info"


def deploy(wanted: Deployment) -> Iterator[str]:
    """Makes the Space or brings it up to date, and waits until its page answers; tells what it does.

    EditError if the hub refuses something, or the Space does not come up.
    """
    from huggingface_hub import HfApi

    _check(wanted)
    hub = HfApi()
    with _refusals():
        yield f"As {hub.whoami()['name']}: {_about(wanted)}"
        present = _present(hub, wanted.name)
        done = {}
        for call in calls(wanted, present):
            yield f"  {call}"
            done[call.name] = getattr(hub, call.name)(**call.arguments)
        yield "  Waiting until it runs ..."
        _wait(hub, wanted.name, done[COMMIT].oid)
        yield f"  {_called(hub, wanted.name)}"
    yield f"It runs: {HUB}/spaces/{wanted.name}"


def _check(wanted: Deployment) -> None:
    """EditError for what the hub's own client knows to be wrong."""
    from huggingface_hub import SpaceHardware
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(wanted.name)
    except HFValidationError as error:
        raise EditError(f"'{wanted.name}' can be no Space's name. {error}") from error
    known = [hardware.value for hardware in SpaceHardware]
    if wanted.space.hardware not in known:
        raise EditError(f"There is no hardware '{wanted.space.hardware}'. Choose one of {', '.join(known)}.")


def _present(hub: Any, name: str) -> Present | None:
    """The Space as it is now, if it exists; EditError if it is another app's."""
    if not hub.repo_exists(name, repo_type="space"):
        return None
    files = hub.list_repo_files(name, repo_type="space")
    if OURS not in files and {*files} - {OF_THE_HUB, "README.md"}:
        raise EditError(f"The Space {name} holds another app, which would go. Give another name, or delete it there.")
    runtime = hub.get_space_runtime(name)
    return Present(
        files=files,
        variables={key: item.value for key, item in hub.get_space_variables(name).items()},
        hardware=runtime.requested_hardware or runtime.hardware or "",
        stage=runtime.stage,
    )


def calls(wanted: Deployment, present: Present | None = None) -> Iterator[Call]:
    """What makes the Space, or one that exists into it, in this order: of its files no others stay.

    Files come last, since they start a build, which then has all its settings.
    """
    if present is None:
        yield _creation(wanted)
    else:
        yield from _changes(wanted, present)
    yield _commit(wanted, sorted({*(present.files if present else ())} - {*wanted.files, OF_THE_HUB}))
    if present and present.stage in ASLEEP:
        yield Call(name="restart_space", arguments={"repo_id": wanted.name})


def _creation(wanted: Deployment) -> Call:
    """A new Space with all but its files: a free account may create one with its hardware only."""
    variables = [{"key": name, "value": value} for name, value in wanted.variables.items()]
    secrets = [{"key": name, "value": value} for name, value in wanted.secrets.items()]
    settings = {"space_variables": variables, "space_secrets": secrets, "space_volumes": _volumes(wanted.space)}
    return Call(
        name="create_repo",
        arguments={
            "repo_id": wanted.name,
            "repo_type": "space",
            "space_sdk": wanted.space.sdk,
            "space_hardware": wanted.space.hardware,
            "private": wanted.private,
            **{name: value for name, value in settings.items() if value},
        },
        shown={"space_secrets": ", ".join(f"{name}: {HIDDEN}" for name in wanted.secrets)},
    )


def _changes(wanted: Deployment, present: Present) -> Iterator[Call]:
    """The settings of a Space that exists; those that are right or not spoken of stay as they are."""
    for name, value in wanted.variables.items():
        if present.variables.get(name) != value:
            yield Call(name="add_space_variable", arguments={"repo_id": wanted.name, "key": name, "value": value})
    for name in sorted(_cleared(wanted, present)):
        yield Call(name="delete_space_variable", arguments={"repo_id": wanted.name, "key": name})
    for name, value in wanted.secrets.items():
        arguments = {"repo_id": wanted.name, "key": name, "value": value}
        yield Call(name="add_space_secret", arguments=arguments, shown={"value": HIDDEN})
    if volumes := _volumes(wanted.space):
        yield Call(name="set_space_volumes", arguments={"repo_id": wanted.name, "volumes": volumes})
    if (hardware := wanted.space.hardware) != present.hardware:
        yield Call(name="request_space_hardware", arguments={"repo_id": wanted.name, "hardware": hardware})


def _cleared(wanted: Deployment, present: Present) -> set[str]:
    """Variables that go: those that are wanted empty, and that of a study whose files go."""
    stays = any(path.startswith(f"{STUDY_FOLDER}/") for path in wanted.files)
    study = {STUDY} if present.variables.get(STUDY) == STUDY_FOLDER and not stays else set()
    return {*wanted.cleared, *study} & (present.variables.keys() - wanted.variables.keys())


def _commit(wanted: Deployment, gone: Collection[str]) -> Call:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    added = [
        CommitOperationAdd(path, content if isinstance(content, bytes) else str(content))
        for path, content in wanted.files.items()
    ]
    told = f"{len(added)} files of {wanted.bytes / 1e6:.1f} MB{''.join(f', without {path}' for path in gone)}"
    return Call(
        name=COMMIT,
        arguments={
            "repo_id": wanted.name,
            "repo_type": "space",
            "operations": [*added, *map(CommitOperationDelete, gone)],
            "commit_message": "Deploy RefEdit",
        },
        shown={"operations": f"[{told}]"},
    )


def _volumes(space: Spacefile) -> list[Any]:
    from huggingface_hub import Volume

    return [
        Volume(type=item.kind, source=item.source, mount_path=item.folder, read_only=item.read_only)
        for item in space.storage
    ]


def _about(wanted: Deployment) -> str:
    return " ".join((f"{wanted.name} on {wanted.space.hardware}.", *wanted.notes))


def _folders(wanted: Deployment) -> Iterator[str]:
    """How many files of every folder at the top there are."""
    counts = Counter(path.partition("/")[0] for path in wanted.files)
    yield ", ".join(f"{name}/ {count}" if name not in wanted.files else name for name, count in sorted(counts.items()))


def _wait(hub: Any, name: str, commit: str) -> None:
    """Returns once the Space runs, and, where the hub says of which commit, that one; EditError if it does not."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            runtime = hub.wait_for_space(name, timeout=max(end - time.monotonic(), 0.0), poll_interval=LOOK)
        except TimeoutError as error:
            raise EditError(f"The Space does not come up in time. Read its log: hf spaces logs {name}") from error
        if runtime.raw.get("sha", commit) == commit or time.monotonic() > end:
            break
        time.sleep(LOOK)
    if runtime.stage != "RUNNING" or runtime.raw.get("sha", commit) != commit:
        raise EditError(
            f"The Space is in the stage {runtime.stage} and does not run what was sent. Read its log: "
            f"hf spaces logs {name} --build"
        )


def _called(hub: Any, name: str) -> str:
    """Asks the page for its endpoints; EditError if it does not answer."""
    from huggingface_hub.utils import build_hf_headers, get_session

    address = f"{hub.space_info(name).host}/gradio_api/info"
    answer = get_session().get(address, headers=build_hf_headers(), follow_redirects=True, timeout=60)
    if answer.status_code != 200:
        raise EditError(f"The Space runs, but its page answers with {answer.status_code}. Look at {HUB}/spaces/{name}")
    return f"GET {address}: {', '.join(answer.json()['named_endpoints'])}"


def _logged_in() -> bool:
    from huggingface_hub import get_token

    return bool(get_token())


@contextmanager
def _refusals() -> Iterator[None]:
    """Turns what the hub and the network refuse into an EditError that says what to do."""
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, LocalTokenNotFoundError

    try:
        yield
    except LocalTokenNotFoundError as error:
        raise EditError(f"You are not logged in to huggingface.co. {LOG_IN}") from error
    except HfHubHTTPError as error:
        raise EditError(_refusal(error.response.status_code, str(error))) from error
    except HTTPError as error:  # of the client that huggingface_hub itself uses
        raise EditError(f"The hub can't be reached ({error}). Look at your network and try again.") from error


def _refusal(status: int, words: str) -> str:
    if status == 401:
        return f"The hub does not know your token. {LOG_IN}"
    if status == 402:
        return (
            "The hub wants a paid plan or credits for this. A free account can have two Gradio Spaces, on zero-a10g; "
            "everything else has to be paid for."
        )
    if status == 403:
        return "Your token may not write there. Give a Space of your own, or log in with a token that may write."
    return f"The hub refuses ({status}): {' '.join(words.split())[:300]}"
