"""study.yaml: what a study asks, of which pictures, and of whom; read strictly, as frozen dataclasses.

Knows no method, picture or page: names of methods and presets are looked up by what makes the pictures.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from refedit.errors import EditError
from refedit.machine.strict_yaml import Unfit, read_utf8, read_yaml

FILE = "study.yaml"
LONGEST_TEXT = 300
"""Characters of a question or a title: it stands over the pictures on a phone, too."""
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_SECRET = re.compile(r"[A-Z][A-Z0-9_]*")
_BUCKET = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, kw_only=True)
class MethodArm:
    """A method of RefEdit; `settings` are the parameters that differ from the preset ("" is its first)."""

    method: str
    preset: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BenchArm:
    """A comparison method of the benchmark."""

    bench: Literal["prompt-to-prompt", "null-text", "masactrl", "imagic", "plain-ddim", "source"]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FolderArm:
    """Pictures that were made elsewhere: CASE.png, .jpg or .webp for every case, in a folder beside study.yaml."""

    folder: str


Arm = MethodArm | BenchArm | FolderArm


@dataclass(frozen=True, kw_only=True)
class BenchCases:
    """Cases of the drawn world, whose true results are known; `numbers` is as "0-23" or a list."""

    from_: Literal["bench"]
    kind: Literal["reference", "pose", "rigid"]
    set: Literal["development", "test"] = "test"
    numbers: tuple[int, ...] | int | str

    def __post_init__(self) -> None:
        chosen = self.chosen
        if not chosen or len(set(chosen)) != len(chosen) or min(chosen) < 0 or max(chosen) > 99_999:
            raise Unfit("numbers", "'numbers' has to name different cases from 0 to 99999, as 0-23 or [1, 5, 8].")

    @property
    def chosen(self) -> tuple[int, ...]:
        """The numbers of the cases."""
        if isinstance(self.numbers, tuple):
            return self.numbers
        found = re.fullmatch(r"(\d{1,5})(?:\s*-\s*(\d{1,5}))?", str(self.numbers))
        if not found:
            return ()
        return tuple(range(int(found[1]), int(found[2] or found[1]) + 1))


@dataclass(frozen=True, kw_only=True)
class ExampleCases:
    """RefEdit's own examples; `titles` picks some, all that the arms can edit if it is empty."""

    from_: Literal["examples"]
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FolderCases:
    """Own pictures: cases.json, with masks and prompts, in a folder beside study.yaml."""

    from_: Literal["folder"]
    folder: str = "cases"


Cases = BenchCases | ExampleCases | FolderCases


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked about two results; `id` is the word for it in the exported table."""

    id: str
    text: str

    def __post_init__(self) -> None:
        _word("id", self.id)
        _text("text", self.text)


@dataclass(frozen=True, kw_only=True)
class Prolific:
    """The names of the secrets that hold Prolific's completion codes, one for each way out."""

    completed: str
    refused: str = ""
    screened: str = ""

    def __post_init__(self) -> None:
        for name, secret in asdict(self).items():
            if secret and not _SECRET.fullmatch(secret):
                raise Unfit(
                    name,
                    f"'{name}' is '{secret}', but has to be the name of an environment variable, as STUDY_CC_DONE.",
                )


@dataclass(frozen=True, kw_only=True)
class Recruit:
    """How people come and where they go: through Prolific, or by a link; `link` is where they go when they are done."""

    prolific: Prolific | None = None
    link: str = ""

    def __post_init__(self) -> None:
        if self.prolific and self.link:
            raise Unfit("link", "'recruit' has both Prolific and a link. Leave one out.")
        if self.link and not re.fullmatch(r"https://\S+", self.link):
            raise Unfit("link", f"'link' is '{self.link}', but has to begin with https://.")


@dataclass(frozen=True, kw_only=True)
class Ship:
    """A storage bucket of the Hugging Face Hub, to which answers go as they come."""

    bucket: str
    every: str = "20s"

    def __post_init__(self) -> None:
        if not _BUCKET.fullmatch(self.bucket):
            raise Unfit("bucket", f"'bucket' is '{self.bucket}', but has to be OWNER/NAME.")
        if not re.fullmatch(r"\d{1,4}s", self.every) or not 1 <= self.seconds <= 3600:
            raise Unfit("every", f"'every' is '{self.every}', but has to be seconds from 1s to 3600s.")

    @property
    def seconds(self) -> int:
        return int(self.every.removesuffix("s"))


@dataclass(frozen=True, kw_only=True)
class Definition:
    """Everything that describes a study; the fields are the keys of study.yaml.

    A person sees `trials` pairs and is asked all questions about each. `checks` (pairs with a known answer, first
    question only) and `repeats` (earlier pairs with their sides swapped) come on top. In a live study a pair is the
    person's own edit, so there are no cases, checks or repeats. `people` closes the study once so many have finished.
    """

    v: Literal[1]
    name: str
    title: str = "Compare edited pictures"
    kind: Literal["curated", "live"] = "curated"
    consent: str = "consent.md"
    contact: str
    arms: Mapping[str, Arm]
    cases: Cases | None = None
    questions: tuple[Question, ...]
    no_preference: bool = True
    trials: int
    checks: int = 0
    repeats: int = 0
    minimum_ms: int = 500
    people: int = 0
    recruit: Recruit = field(default_factory=Recruit)
    ship: Ship | None = None

    def __post_init__(self) -> None:
        _word("name", self.name)
        _text("title", self.title)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+|https?://\S+", self.contact):
            raise Unfit("contact", f"'contact' is '{self.contact}', but has to be a mail address or a web address.")
        self._check_arms()
        self._check_questions()
        _between("trials", self.trials, 1, 500)
        _between("checks", self.checks, 0, 50)
        _between("repeats", self.repeats, 0, self.trials)
        _between("minimum_ms", self.minimum_ms, 0, 60_000)
        _between("people", self.people, 0, 100_000)
        self._check_kind()
        pairs = self.most_pairs
        if pairs is not None and self.trials > pairs:
            raise Unfit("trials", f"'trials' is {self.trials}, but there are only {pairs} pairs of arms and cases.")

    def _check_arms(self) -> None:
        for name in self.arms:
            _word("arms", name)
        if not 2 <= len(self.arms) <= 8:
            raise Unfit("arms", f"There are {len(self.arms)} arms, but it takes 2 to 8 to compare.")

    def _check_questions(self) -> None:
        ids = [question.id for question in self.questions]
        if not 1 <= len(ids) <= 5 or len(set(ids)) != len(ids):
            raise Unfit("questions", "There have to be 1 to 5 questions, each with an id of its own.")

    def _check_kind(self) -> None:
        if self.kind == "curated":
            if self.cases is None:
                raise Unfit("cases", "A curated study needs 'cases'.")
            return
        for name, given in (("cases", self.cases), ("checks", self.checks), ("repeats", self.repeats)):
            if given:
                raise Unfit(name, f"A live study has no '{name}': people bring their own pictures.")
        if not all(isinstance(arm, MethodArm) for arm in self.arms.values()):
            raise Unfit("arms", "The arms of a live study have to be methods of RefEdit, since they run in the trial.")

    @property
    def arm_pairs(self) -> tuple[tuple[str, str], ...]:
        """Every two arms, as they are compared."""
        return tuple(combinations(self.arms, 2))

    @property
    def most_pairs(self) -> int | None:
        """How many pairs of arms and cases there are, where study.yaml alone decides that."""
        if isinstance(self.cases, BenchCases):
            return len(self.cases.chosen) * len(self.arm_pairs)
        return None

    @cached_property
    def sha256(self) -> str:
        """Of all that decides what people see and are asked: not of how they come, and where answers are kept."""
        told = asdict(self)
        for name in ("contact", "people", "recruit", "ship"):
            del told[name]
        spelled = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(spelled.encode()).hexdigest()


def read_definition(folder: Path) -> Definition:
    """The definition in a study's folder; EditError if there is none, or with the line and what is wrong there."""
    file = folder / FILE
    if not file.is_file():
        raise EditError(f"There is no {FILE} in '{folder}'. Write one with: python -m refedit study init {folder}")
    return parse(read_utf8(file))


def parse(text: str) -> Definition:
    """The definition that a text describes; raises as `read_definition`."""
    return read_yaml(Definition, text, FILE)


def read_consent(folder: Path, definition: Definition) -> str:
    """The text that people agree to, as Markdown; EditError if there is none."""
    file = folder / definition.consent
    if not file.is_file() or not file.resolve().is_relative_to(folder.resolve()):
        raise EditError(f"The consent text '{definition.consent}' is not in '{folder}'. Write it there.")
    text = read_utf8(file).strip()
    if not text:
        raise EditError(f"The consent text '{file}' is empty. Say who asks, what for, and what is kept.")
    return text


def _word(name: str, value: str) -> None:
    if not _WORD.fullmatch(value):
        raise Unfit(name, f"'{value}' has to be one word of at most 40 small letters, digits, - and _.")


def _text(name: str, value: str) -> None:
    if not value.strip() or len(value) > LONGEST_TEXT:
        raise Unfit(name, f"'{name}' has to be a text of 1 to {LONGEST_TEXT} characters.")


def _between(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise Unfit(name, f"'{name}' is {value}, but has to lie between {low} and {high}.")
