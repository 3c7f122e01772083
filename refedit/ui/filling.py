"""What is filled into the page at once: by an example, a result of before, or a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refedit.ui.painting import Painting


@dataclass(frozen=True, kw_only=True)
class Filling:
    """All inputs of the page.

    Without a source both pictures stay; with one, a missing mask or reference clears its place. `parameters` has every
    one of the method's.
    """

    method: str
    preset: str
    parameters: Mapping[str, Any]
    source: Painting | None
    reference: Painting | None
    source_prompt: str
    prompt: str
