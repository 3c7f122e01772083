"""The Spacefile: what the deployed Space is, and the front matter of README.md that is made from it.

Knows nothing about pictures, networks or pages; Hugging Face itself reads the front matter only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml  # a requirement of gradio

from refedit.errors import EditError
from refedit.machine.strict_yaml import Unfit, read_yaml

ROOT = Path(__file__).resolve().parents[2]
HUB = "https://huggingface.co"
COLOURS = frozenset({"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"})
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_VERSION = re.compile(r"\d+(\.\d+){0,2}")
_DURATION = re.compile(r"[1-9]\d*(s|m|h)")


@dataclass(frozen=True, kw_only=True)
class Variable:
    """An environment variable that the app reads, its value if it is not set, and the one that a deployed Space gets.

    An empty `value` sets nothing.
    """

    name: str
    default: str
    about: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """The name of an environment variable that nobody may read; its value stands in no file."""

    name: str
    about: str


@dataclass(frozen=True, kw_only=True)
class Preload:
    """Files of a hub's repository that are fetched while the Space is built, and so lie there when it starts."""

    repo: str
    files: tuple[str, ...]

    def __post_init__(self) -> None:
        _check("repo", self.repo, _REPOSITORY, "OWNER/NAME")
        if not self.files or any(not re.fullmatch(r"[^\s,]+", file) for file in self.files):
            raise Unfit("files", "'files' has to name files, each without spaces and commas.")


@dataclass(frozen=True, kw_only=True)
class Storage:
    """A bucket or repository OWNER/NAME of the hub that is mounted as a folder."""

    kind: Literal["bucket", "model", "dataset"]
    source: str
    folder: str
    read_only: bool = False

    def __post_init__(self) -> None:
        _check("source", self.source, _REPOSITORY, "OWNER/NAME")
        if not self.folder.startswith("/"):
            raise Unfit("folder", f"'folder' is '{self.folder}', but has to begin with /.")


@dataclass(frozen=True, kw_only=True)
class Spacefile:
    """Everything that describes the Space; the fields are the keys of the file, in its order.

    `hardware` is what a deployed Space gets, and a suggestion to people who duplicate it. `models` are hub ids that may
    be used; `preload` is left out on hardware without a GPU, where `auto` takes the built-in model. `thumbnail` is a
    picture of this checkout, shown where the Space is linked. `header` is "mini" or "default".
    """

    v: int
    title: str
    emoji: str
    colours: tuple[str, ...]
    about: str
    license: str
    sdk: Literal["gradio"]
    sdk_version: str
    python_version: str
    app_file: str
    hardware: str
    startup_timeout: str
    thumbnail: str
    header: Literal["mini", "default"] = "default"
    pinned: bool = False
    embedding: bool = True
    models: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    preload: tuple[Preload, ...] = ()
    storage: tuple[Storage, ...] = ()
    variables: tuple[Variable, ...] = ()
    secrets: tuple[Secret, ...] = ()

    def __post_init__(self) -> None:
        if self.v != 1:
            raise Unfit("v", f"The Spacefile is of version {self.v}, but this is a reader of version 1.")
        if len(self.colours) != 2 or not COLOURS.issuperset(self.colours):
            raise Unfit("colours", f"'colours' have to be two of {', '.join(sorted(COLOURS))}.")
        if len(self.about) > 60:
            raise Unfit("about", f"'about' has {len(self.about)} characters; a Space shows 60 at most.")
        for name in ("title", "emoji", "license", "hardware"):
            _check(name, getattr(self, name), re.compile(r"\S.*"), "a text")
        for name in ("sdk_version", "python_version"):
            _check(name, getattr(self, name), _VERSION, "a version, as 3.12")
        _check("startup_timeout", self.startup_timeout, _DURATION, "a time, as 30m or 1h")
        for model in self.models:
            _check("models", model, _REPOSITORY, "OWNER/NAME")
        names = [item.name for item in self.variables]
        _check_names("variables", names)
        _check_names("secrets", [*names, *(item.name for item in self.secrets)])

    @property
    def has_gpu(self) -> bool:
        return not self.hardware.startswith("cpu-")


def _check(name: str, value: str, pattern: re.Pattern[str], wanted: str) -> None:
    if not pattern.fullmatch(value):
        raise Unfit(name, f"'{name}' is '{value}', but has to be {wanted}.")


def _check_names(name: str, names: Sequence[str]) -> None:
    """Hugging Face refuses a Space that has a name twice, be it once as a variable and once as a secret."""
    twice = [each for each in names if names.count(each) > 1]
    if twice:
        raise Unfit(name, f"'{name}' has the name {twice[0]} for a second time.")


def read_spacefile(text: str) -> Spacefile:
    """The Spacefile that a YAML text describes; EditError names the line and what is unknown, missing or wrong."""
    return read_yaml(Spacefile, text, "The Spacefile")


def front_matter(space: Spacefile, address: str = "") -> str:
    """The head of README.md that Hugging Face reads, with its `---` lines.

    `address` is the Space's as OWNER/NAME: without it there is no thumbnail, which needs a whole web address.
    """
    fetched = [_preloaded(item) for item in space.preload] if space.has_gpu else []
    keys = {
        "title": space.title,
        "emoji": space.emoji,
        "colorFrom": space.colours[0],
        "colorTo": space.colours[1],
        "short_description": space.about,
        "license": space.license,
        "sdk": space.sdk,
        "sdk_version": space.sdk_version,
        "python_version": space.python_version,
        "app_file": space.app_file,
        "suggested_hardware": space.hardware,
        "startup_duration_timeout": space.startup_timeout,
        "header": space.header,
        "pinned": space.pinned,
        "disable_embedding": not space.embedding,
        **({"thumbnail": f"{HUB}/spaces/{address}/resolve/main/{space.thumbnail}"} if address else {}),
        "models": list(space.models),
        "tags": list(space.tags),
        **({"preload_from_hub": fetched} if fetched else {}),
    }
    text = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False, width=4096)
    return f"---\n{text}---\n"


def _preloaded(item: Preload) -> str:
    return f"{item.repo} {','.join(item.files)}"


def with_front_matter(readme: str, space: Spacefile, address: str = "") -> str:
    """A README text with its front matter replaced, or put before it where there was none."""
    body = readme
    if readme.startswith("---\n"):
        _, end, body = readme[4:].partition("\n---\n")
        if not end:
            raise EditError("README.md opens its front matter with '---', but does not close it.")
    return front_matter(space, address) + body
