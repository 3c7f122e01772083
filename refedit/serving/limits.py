"""How many replicas there are, what each is given, and when something is too much or too late: all numbers, once."""

import re
from dataclasses import dataclass, replace

from refedit.errors import EditError


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What holds for one pool. Our choices, but for what the command line says.

    `least` to `most` replicas, each with `gpus_each` GPUs and `cpus_each` cores; None is one GPU where there are some.
    `waiting_each` edits may wait for each replica. A front end says every `renewal` seconds that it is there; what it
    asked for is stopped once that is `lease` seconds ago. While replicas are busy for more than `busy` (0 to 1) of the
    time, there is one more after `grow_after` seconds, and fewer after `shrink_after` seconds with less to do. A
    replica's process is looked at every `look` seconds. One that is to go may finish its edits for `farewell` seconds.
    """

    least: int = 1
    most: int = 1
    gpus_each: float | None = None
    cpus_each: float = 1.0
    waiting_each: int = 8
    lease: float = 6.0
    renewal: float = 2.0
    busy: float = 0.7
    grow_after: float = 15.0
    shrink_after: float = 300.0
    look: float = 2.0
    farewell: float = 600.0

    @property
    def fixed(self) -> bool:
        """Whether the number of replicas stays what it is."""
        return self.least == self.most

    def with_replicas(self, text: str) -> "Limits":
        """The same for "4", or for "1-4", which grows and shrinks; EditError for anything else."""
        numbers = re.fullmatch(r"([1-9]\d{0,3})(?:-([1-9]\d{0,3}))?", text.strip())
        least, most = (int(numbers[1]), int(numbers[2] or numbers[1])) if numbers else (1, 0)
        if least > most:
            raise EditError(f"'{text}' is no number of replicas. Write 4, or 1-4 for a number that follows the load.")
        return replace(self, least=least, most=most)

    def with_gpus(self, gpus: float) -> "Limits":
        """The same with so many GPUs for each replica; EditError for what Ray can't give."""
        if gpus < 0 or (gpus > 1 and gpus != int(gpus)):
            raise EditError(f"A replica can't have {gpus:g} GPUs. Write 0, a part such as 0.5, or a whole number.")
        return replace(self, gpus_each=gpus)
