"""What is known by names of visitors and addresses. Anybody can invent names, so none of it may grow without end."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

Value = TypeVar("Value")


class Recent(OrderedDict[str, Value]):
    """Values by name, of which the `most` that were set last are kept, in the order in which they were."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, name: str, value: Value) -> None:
        super().__setitem__(name, value)
        self.move_to_end(name)
        while len(self) > self.most:
            self.popitem(last=False)


class UnderWay:
    """How many things of every name are under way, `most` of them at a time. May be asked from any thread."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._count: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def one_of(self, name: str) -> Iterator[bool]:
        """One more for as long as the block lasts; False if that is one too many."""
        with self._lock:
            self._count[name] += 1
            few = self._count[name] <= self.most
        try:
            yield few
        finally:
            with self._lock:
                self._count[name] -= 1
                if not self._count[name]:
                    del self._count[name]
