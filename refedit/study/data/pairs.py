"""The pairs that a study shows, as its folder keeps them: built/pairs.json, and built/pictures/ID.png beside it.

Only the server knows which arm a picture is from: ids are random, and every PNG holds pixels and nothing else.
"""

import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from refedit.errors import EditError
from refedit.study.data.definition import Definition

BUILT = Path("built")
PAIRS, PICTURES = BUILT / "pairs.json", BUILT / "pictures"
PICTURE_ID = re.compile(r"[0-9a-f]{16}")
"""Sixteen hexadecimal digits: 64 random bits."""


class PairKind(StrEnum):
    """Two results to compare, or a pair whose better side is known."""

    PAIR = "pair"
    CHECK = "check"


class Side(StrEnum):
    """One of a pair's two results, wherever it is shown."""

    FIRST = "first"
    SECOND = "second"

    @property
    def other(self) -> "Side":
        return Side.SECOND if self is Side.FIRST else Side.FIRST


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two results of one case. Pictures are ids; `mask` is white where the source may change.

    `expected` is the better side of a check by all that is known, None of other pairs. A check's arms are called
    "truth" and "source", or whatever tells its pictures apart. The pairs of a live study have no pictures ("").
    """

    id: str
    kind: PairKind
    case: str
    prompt: str
    first_arm: str
    second_arm: str
    first: str
    second: str
    source: str
    reference: str | None = None
    mask: str | None = None
    expected: Side | None = None

    @property
    def pictures(self) -> tuple[str, ...]:
        """The ids of all pictures that it shows."""
        shown = (self.first, self.second, self.source, self.reference, self.mask)
        return tuple(picture for picture in shown if picture)

    @property
    def arms(self) -> tuple[str, str]:
        """What is compared."""
        return self.first_arm, self.second_arm


@dataclass(frozen=True, kw_only=True)
class Built:
    """The pairs that were built from a definition, and the model that drew them."""

    sha256: str
    model: str
    pairs: tuple[Pair, ...]


def write_built(built: Built, folder: Path) -> None:
    """Writes pairs.json into a study's folder, whole or not at all."""
    file = folder / PAIRS
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(built), indent=1, ensure_ascii=False) + "\n", "utf-8")
    draft.replace(file)


def read_built(folder: Path, definition: Definition) -> Built:
    """The built pairs of a study; EditError if there are none, or they are another definition's, or damaged."""
    if definition.kind == "live":
        return _live(definition)
    file = folder / PAIRS
    again = f"Run: python -m refedit study build {folder}"
    if not file.is_file():
        raise EditError(f"The pictures of the study are not built yet. {again}")
    try:
        told = json.loads(file.read_text("utf-8"))
        pairs = tuple(_pair(row) for row in told["pairs"])
        built = Built(sha256=told["sha256"], model=told["model"], pairs=pairs)
    except (ValueError, KeyError, TypeError):
        raise EditError(f"'{file}' is damaged. {again}") from None
    if built.sha256 != definition.sha256:
        raise EditError(f"study.yaml was changed after the pictures were built. {again}")
    _check(built, folder, definition, again)
    return built


def _pair(row: dict[str, str | None]) -> Pair:
    kinds = {"kind": PairKind(str(row["kind"])), "expected": Side(row["expected"]) if row["expected"] else None}
    return Pair(**(row | kinds))  # type: ignore[arg-type]


def _check(built: Built, folder: Path, definition: Definition, again: str) -> None:
    counts = {kind: sum(pair.kind is kind for pair in built.pairs) for kind in PairKind}
    for kind, asked in ((PairKind.PAIR, definition.trials), (PairKind.CHECK, definition.checks)):
        if counts[kind] < asked:
            raise EditError(f"The study asks for {asked} of kind '{kind}', but {counts[kind]} are built. {again}")
    for picture in {picture for pair in built.pairs for picture in pair.pictures}:
        if not PICTURE_ID.fullmatch(picture) or not (folder / PICTURES / f"{picture}.png").is_file():
            raise EditError(f"The picture '{picture}' of the study is missing. {again}")


def _live(definition: Definition) -> Built:
    """A pair for every two arms: what they edit is each person's own."""
    pairs = tuple(
        Pair(
            id=f"{first}-{second}", kind=PairKind.PAIR, case="own", prompt="",
            first_arm=first, second_arm=second, first="", second="", source="",
        )
        for first, second in definition.arm_pairs
    )  # fmt: skip
    return Built(sha256=definition.sha256, model="", pairs=pairs)
