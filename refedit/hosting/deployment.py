"""What a Space is made of: files, variables, secrets and hardware, all checked before anything is sent.

Talks to no hub.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from refedit.errors import EditError
from refedit.hosting.space import Preload, Spacefile, with_front_matter
from refedit.study.beginning import left_to_write
from refedit.study.data.definition import FILE, Definition, read_consent, read_definition
from refedit.study.data.pairs import PAIRS, PICTURES, read_built

MODEL, STUDY = "REFEDIT_MODEL", "REFEDIT_STUDY"
STUDY_FOLDER = "study"
"""Where a study lies in the Space."""
OF_THE_HUB = ".gitattributes"
"""The hub writes there which files are large. With another in its place a Space gets pointers and no weights."""
NAME = re.compile(r"[\w][\w.-]*/[\w][\w.-]{0,95}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A Space that is wanted: `name` is OWNER/NAME, `files` are by their paths in it, as bytes or where they lie.

    `cleared` are variables that must not be set. `secrets` are only those that were asked for. `notes` are sentences
    about what may be wanted besides.
    """

    name: str
    space: Spacefile
    files: Mapping[str, Path | bytes]
    variables: Mapping[str, str]
    cleared: frozenset[str] = frozenset()
    secrets: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()
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
    values, given = _variables(space, variables), _secrets(space, secrets, environment)
    files: dict[str, Path | bytes] = {path: file for path, file in tracked(root) if path != OF_THE_HUB}
    notes = list(_changed(root))
    if study is not None:
        definition = read_definition(study)
        files |= of_study(study, definition)
        values[STUDY] = STUDY_FOLDER
        notes += _about_study(space, study, definition, given)
    space = replace(space, hardware=hardware or space.hardware, preload=_preloaded(space, values.get(MODEL, "")))
    asked = {text.partition("=")[0] for text in variables}
    return Deployment(
        name=name,
        space=space,
        files=_complete(files, space, root, name),
        variables={variable: value for variable, value in values.items() if value},
        cleared=frozenset(variable for variable in asked if not values[variable]),
        secrets=given,
        notes=tuple(notes),
        private=private,
    )


def _complete(files: Mapping[str, Path | bytes], space: Spacefile, root: Path, name: str) -> dict[str, Path | bytes]:
    """The files with the README of this Space; EditError if one is missing that every Space needs."""
    for needed in (space.app_file, space.thumbnail, "README.md", "requirements.txt"):
        if needed not in files:
            raise EditError(f"'{needed}' is not tracked by git, so the Space would lack it. Add it with git add.")
    return {**files, "README.md": with_front_matter((root / "README.md").read_text("utf-8"), space, name).encode()}


def tracked(root: Path) -> Iterable[tuple[str, Path]]:
    """The files of a checkout that git tracks, as they lie there now; EditError if there is one that is gone."""
    listed = _git(root, "ls-files", "-z")
    paths = [(name, root / name) for name in listed.split("\0") if name]
    gone = [name for name, path in paths if not path.is_file() or path.is_symlink()]
    if gone:
        raise EditError(f"git tracks '{gone[0]}', but it is no file here. Restore it, or remove it with git rm.")
    return paths


def _changed(root: Path) -> Iterator[str]:
    """Says if the checkout is not what was committed last: files go as they lie there."""
    changed = [line for line in _git(root, "status", "--porcelain", "--untracked-files=no").splitlines() if line]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        yield f"Not as it was committed last: {changed[0][3:]}{more}."


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        told = os.fsdecode(getattr(error, "stderr", b"")).strip().splitlines() or [str(error)]
        raise EditError(
            f"git can't say which files of '{root}' are RefEdit's. Run this in a git clone of it. Its words: {told[0]}"
        ) from error
    return os.fsdecode(done.stdout)


def of_study(folder: Path, definition: Definition) -> dict[str, Path]:
    """What a Space serves of a study, and nothing else of its folder, where answers and exports lie, too.

    Raises EditError if the Space could not serve it.
    """
    read_consent(folder, definition)
    shown = {picture for pair in read_built(folder, definition).pairs for picture in pair.pictures}
    served = [Path(FILE), Path(definition.consent), *(PICTURES / f"{picture}.png" for picture in sorted(shown))]
    served += [PAIRS] if shown else []
    return {f"{STUDY_FOLDER}/{path.as_posix()}": folder / path for path in served}


def _about_study(space: Spacefile, folder: Path, definition: Definition, given: Mapping[str, str]) -> Iterator[str]:
    """What a study still lacks: words, and secrets that it reads and that are not sent."""
    for words in left_to_write(definition, read_consent(folder, definition)):
        yield f"What people read still says '{words}'. Write who asks before they come."
    prolific = definition.recruit.prolific
    codes = asdict(prolific).values() if prolific else []
    read = [*(item.name for item in space.secrets), *codes]
    if unset := [name for name in read if name and name not in given]:
        yield f"Secrets not sent: {', '.join(unset)}; --secret NAME sends one."


def _preloaded(space: Spacefile, model: str) -> tuple[Preload, ...]:
    """What is worth fetching while the Space is built: what the Spacefile's own choice loads, or the model's files."""
    chosen = next((item.value for item in space.variables if item.name == MODEL), "")
    return tuple(item for item in space.preload if model in (chosen, item.repo))


def _variables(space: Spacefile, asked: Sequence[str]) -> dict[str, str]:
    """What each of the Space's variables is set to, "" if it is not: as the Spacefile says, changed by NAME=VALUE."""
    values, secret = {item.name: item.value for item in space.variables}, {item.name for item in space.secrets}
    for text in asked:
        name, equals, value = text.partition("=")
        if name in secret:
            raise EditError(f"{name} is a secret, and everybody may read variables. Send it by --secret {name}.")
        if not equals or name not in values:
            raise EditError(f"'{text}' sets no variable. Write NAME=VALUE with one of {', '.join(sorted(values))}.")
        values[name] = value
    return values


def _secrets(space: Spacefile, asked: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Secrets by name, from the environment. None goes unasked: HF_TOKEN there may be one that may do everything."""
    for name in asked:
        if name in {item.name for item in space.variables}:
            raise EditError(f"{name} is no secret, but a variable. Set it by --variable {name}=VALUE.")
        if not environment.get(name):
            raise EditError(f"The secret {name} is not set here. Set it in this shell's environment first.")
    return {name: environment[name] for name in asked}
