"""What the comparison methods have in common: they are run by the benchmark only, so nothing describes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from refedit.methods import Method

INVERT, FIT, TUNE, EDIT = "Inverting the source", "Fitting the text", "Tuning a copy", "Editing"


@dataclass(frozen=True, kw_only=True)
class BenchMethod:
    """The part of the `Method` protocol that is the same for all of them; `edit` is theirs."""

    name: ClassVar[str] = "bench"
    title: ClassVar[str] = "Comparison"
    summary: ClassVar[str] = ""
    needs: ClassVar[frozenset[str]] = frozenset({"source_prompt"})
    takes: ClassVar[frozenset[str]] = frozenset({"region"})
    fit: ClassVar[str] = "aspect"
    paste: ClassVar[str] = "square"
    align_reference: ClassVar[bool] = False

    steps: int = 20

    @property
    def stages(self) -> Mapping[str, float]:
        return {INVERT: 1.0, FIT: 1.0, TUNE: 1.0, EDIT: 1.0}

    @classmethod
    def presets(cls) -> Mapping[str, Method]:
        return {}
