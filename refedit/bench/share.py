"""The part of a run's cases that one of several processes takes, so that a run uses more than one core or machine."""

import re
from dataclasses import dataclass

from refedit.errors import EditError


@dataclass(frozen=True)
class Share:
    """Every `of`-th case from the `place`-th on; places count from 1."""

    place: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Share":
        """From "2/3", the second of three; EditError if it is none."""
        found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
        if not found or int(found[1]) > int(found[2]):
            raise EditError(f"'{text}' is no share. Write it as 1/2, the first of two.")
        return cls(int(found[1]), int(found[2]))

    @property
    def whole(self) -> bool:
        return self.of == 1

    @property
    def file(self) -> str:
        """The name that its outcomes are kept by: no two processes write to one file."""
        return "outcomes" if self.whole else f"outcomes-{self.place}-of-{self.of}"

    def of_cases(self, count: int) -> range:
        """Its numbers among `count` cases."""
        return range(self.place - 1, count, self.of)


WHOLE = Share()
