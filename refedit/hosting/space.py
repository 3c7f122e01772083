"""The Spacefile: what the deployed Space is, and the front matter of README.md that is made from it.

Knows nothing about pictures, networks or pages; Hugging Face itself reads the front matter only.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml  # a requirement of gradio

from refedit.errors import EditError
from refedit.hosting.strict_yaml import Unfit, read_yaml

ROOT = Path(__file__).resolve().parents[2]
HUB = "https://huggingface.co"
COLOURS = frozenset({"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"})


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


@dataclass(frozen=True, kw_only=True)
class Storage:
    """A bucket or repository OWNER/NAME of the hub that is mounted as a folder."""

    kind: Literal["bucket", "model", "dataset"]
    source: str
    folder: str
    read_only: bool = False

    def __post_init__(self) -> None:
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
    sdk: str
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
            raise EditError(f"The Spacefile is of version {self.v}, but this is a reader of version 1.")
        if len(self.colours) != 2 or not COLOURS.issuperset(self.colours):
            raise EditError(f"The Spacefile's colours have to be two of {', '.join(sorted(COLOURS))}.")
        if len(self.about) > 60:
            raise EditError(f"The Spacefile's about has {len(self.about)} characters; a Space shows 60 at most.")

    @property
    def has_gpu(self) -> bool:
        return not self.hardware.startswith("cpu-")


def read_spacefile(text: str) -> Spacefile:
    """The Spacefile that a YAML text describes; EditError names the line and what is unknown, missing or wrong."""
    return read_yaml(Spacefile, text, "The Spacefile")


def front_matter(space: Spacefile, address: str = "") -> str:
    """The head of README.md that Hugging Face reads, with its `---` lines.

    `address` is the Space's as OWNER/NAME: without it there is no thumbnail, which needs a whole web address.
    """
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
        **({"preload_from_hub": [_preloaded(item) for item in space.preload]} if space.has_gpu else {}),
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
