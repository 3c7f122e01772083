"""The Spacefile: what the deployed Space is, and the front matter of README.md that is made from it.

Knows nothing about pictures, networks or pages; Hugging Face itself reads the front matter only.
"""

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # a requirement of gradio

from refedit.errors import EditError
from refedit.hosting.strict_yaml import read_yaml

ROOT = Path(__file__).resolve().parents[2]
COLOURS = frozenset({"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"})


@dataclass(frozen=True, kw_only=True)
class Variable:
    """An environment variable that the app reads, and its value if it is not set."""

    name: str
    default: str
    about: str


@dataclass(frozen=True, kw_only=True)
class Spacefile:
    """Everything that describes the Space; the fields are the keys of the file, in its order.

    `hardware` is a suggestion to people who duplicate the Space, `models` are hub ids that may be used.
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
    models: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()

    def __post_init__(self) -> None:
        if self.v != 1:
            raise EditError(f"The Spacefile is of version {self.v}, but this is a reader of version 1.")
        if len(self.colours) != 2 or not COLOURS.issuperset(self.colours):
            raise EditError(f"The Spacefile's colours have to be two of {', '.join(sorted(COLOURS))}.")
        if len(self.about) > 60:
            raise EditError(f"The Spacefile's about has {len(self.about)} characters; a Space shows 60 at most.")


def read_spacefile(text: str) -> Spacefile:
    """The Spacefile that a YAML text describes; EditError names the line and what is unknown, missing or wrong."""
    return read_yaml(Spacefile, text, "The Spacefile")


def front_matter(space: Spacefile) -> str:
    """The head of README.md that Hugging Face reads, with its `---` lines."""
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
        "models": list(space.models),
        "tags": list(space.tags),
    }
    text = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False, width=120)
    return f"---\n{text}---\n"


def with_front_matter(readme: str, space: Spacefile) -> str:
    """A README text with its front matter replaced, or put before it where there was none."""
    body = readme
    if readme.startswith("---\n"):
        _, end, body = readme[4:].partition("\n---\n")
        if not end:
            raise EditError("README.md opens its front matter with '---', but does not close it.")
    return front_matter(space) + body


def add_commands(commands: Any) -> None:
    """Adds `space` to a parser's commands."""
    parser = commands.add_parser("space", help="make or check the front matter of README.md from the Spacefile")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write it into README.md")
    action.add_argument("--check", action="store_true", help="fail if README.md differs")
    parser.set_defaults(run=run)


def run(arguments: Namespace, root: Path = ROOT) -> None:
    """Runs `space --write` or `space --check` in a checkout; EditError if the check fails, or without a checkout."""
    described, readme = root / "Spacefile", root / "README.md"
    if not described.is_file():
        raise EditError(f"There is no Spacefile in '{root}'. Run this in a checkout: an installed copy has none.")
    space = read_spacefile(described.read_text("utf-8"))
    before = readme.read_text("utf-8")
    after = with_front_matter(before, space)
    if arguments.write:
        readme.write_text(after, "utf-8")
        print("README.md: front matter written.")
    elif before == after:
        print("README.md: front matter is that of the Spacefile.")
    else:
        raise EditError("README.md's front matter is not the Spacefile's. Run: python -m refedit space --write")
