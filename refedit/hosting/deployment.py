"""What a Space is made of: files, variables, secrets and hardware, all checked before anything is sent.

Talks to no hub.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from refedit.errors import EditError
from refedit.hosting.space import Spacefile, with_front_matter

STUDY = "REFEDIT_STUDY"
STUDY_FOLDER = "study"
"""Where a study lies in the Space."""
STUDY_FILE = "study.yaml"
PRIVATE = re.compile(r"\.sqlite|\.db$")
"""Files of a study that hold people's answers, which are never sent."""
NAME = re.compile(r"[\w][\w.-]*/[\w][\w.-]{0,95}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A Space that is wanted: `name` is OWNER/NAME, `files` are by their paths in it, as bytes or where they lie.

    `secrets` are only those that were asked for; `unset` are others that a study may need.
    """

    name: str
    space: Spacefile
    files: Mapping[str, Path | bytes]
    variables: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    unset: tuple[str, ...] = ()
    private: bool = False

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(len(it) if isinstance(it, bytes) else it.stat().st_size for it in self.files.values())


def planned(
    space: Spacefile,
    root: Path,
    *,
    name: str,
    hardware: str | None = None,
    study: Path | None = None,
    variables: Sequence[str] = (),
    secrets: Sequence[str] = (),
    private: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> Deployment:
    """The deployment of a checkout; EditError for whatever would go wrong later and can be known now."""
    if not NAME.fullmatch(name):
        raise EditError(f"'{name}' is no Space. Give OWNER/NAME, for instance your user name and refedit.")
    space = replace(space, hardware=hardware or space.hardware)
    files: dict[str, Path | bytes] = dict(tracked(root))
    for needed in (space.app_file, space.thumbnail, "README.md", "requirements.txt"):
        if needed not in files:
            raise EditError(f"'{needed}' is not tracked by git, so the Space would lack it. Add it with git add.")
    files["README.md"] = with_front_matter((root / "README.md").read_text("utf-8"), space, name).encode()
    wanted = _variables(space, variables)
    if study is not None:
        files |= of_study(study)
        wanted |= {STUDY: STUDY_FOLDER}
    given = _secrets(secrets, environment)
    unset = tuple(item.name for item in space.secrets if study and item.name not in given)
    return Deployment(
        name=name, space=space, files=files, variables=wanted, secrets=given, unset=unset, private=private
    )


def tracked(root: Path) -> Iterable[tuple[str, Path]]:
    """The files of a checkout that git tracks, as they lie there now; EditError if there is one that is gone."""
    command = ["git", "ls-files", "-z"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise EditError(f"git can't say which files of '{root}' are RefEdit's. Run this in a git checkout.") from error
    paths = [(name, root / name) for name in listed.split("\0") if name]
    gone = [name for name, path in paths if not path.is_file() or path.is_symlink()]
    if gone:
        raise EditError(f"git tracks '{gone[0]}', but it is no file here. Restore it, or remove it with git rm.")
    return paths


def of_study(folder: Path) -> dict[str, Path]:
    """What a Space needs of a study: all of its folder but answers, hidden files and links."""
    if not (folder / STUDY_FILE).is_file():
        raise EditError(f"There is no {STUDY_FILE} in '{folder}'. Give the folder of a study.")
    inside = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        f"{STUDY_FOLDER}/{name.as_posix()}": path
        for name, path in inside.items()
        if not path.is_symlink() and not PRIVATE.search(name.name) and not any(p.startswith(".") for p in name.parts)
    }


def _variables(space: Spacefile, asked: Sequence[str]) -> dict[str, str]:
    """What the Space's variables are set to: as the Spacefile says, changed by NAME=VALUE."""
    values, secret = {item.name: item.value for item in space.variables}, {item.name for item in space.secrets}
    for text in asked:
        name, equals, value = text.partition("=")
        if name in secret:
            raise EditError(f"{name} is a secret, and everybody may read variables. Send it by --secret {name}.")
        if not equals or name not in values:
            raise EditError(f"'{text}' sets no variable. Write NAME=VALUE with one of {', '.join(sorted(values))}.")
        values[name] = value
    return {name: value for name, value in values.items() if value}


def _secrets(asked: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Secrets by name, from the environment. None goes unasked: HF_TOKEN there may be one that may do everything."""
    for name in asked:
        if not environment.get(name):
            raise EditError(f"The secret {name} is not set here. Set it in this shell's environment first.")
    return {name: environment[name] for name in asked}
