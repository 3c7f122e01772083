"""What slow stages computed, kept by content up to a number of bytes; the oldest use is forgotten first.

Knows nothing about what it keeps, except how large tensors are.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor


class Cache:
    """A dictionary of results of at most `limit` bytes together; not for use by two threads at once."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()

    def get(self, key: str) -> Any | None:
        """What was kept under the key, or None."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def put(self, key: str, value: Any) -> None:
        """Keeps a value unless it alone is above the limit; forgets the least recently used ones."""
        self.forget(key)
        size = bytes_of(value)
        if size > self.limit:
            return
        self._kept[key] = (value, size)
        self.bytes += size
        while self.bytes > self.limit:
            self.bytes -= self._kept.popitem(last=False)[1][1]

    def values(self) -> list[Any]:
        """Everything that is kept, the least recently used first."""
        return [value for value, _ in self._kept.values()]

    def clear(self) -> None:
        self._kept.clear()
        self.bytes = 0

    def forget(self, key: str) -> None:
        self.bytes -= self._kept.pop(key, (None, 0))[1]


def bytes_of(value: Any) -> int:
    """The bytes of all tensors in nested sequences, mappings and dataclasses."""
    if isinstance(value, Tensor):
        return value.nbytes
    if is_dataclass(value):
        return sum(bytes_of(getattr(value, item.name)) for item in fields(value))
    if isinstance(value, Mapping):
        return sum(bytes_of(item) for item in value.values())
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return sum(bytes_of(item) for item in value)
    return 0


def content_key(*parts: Any) -> str:
    """A key that is equal for equal contents.

    Tensors count by their bytes, dataclasses by their fields, everything else by its repr.
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(_content(part) + b"\0")
    return digest.hexdigest()


def _content(part: Any) -> bytes:
    if isinstance(part, Tensor):
        array = part.detach().cpu().float().contiguous().numpy()
        return f"{part.dtype}{array.shape}".encode() + array.tobytes()
    if is_dataclass(part):
        return type(part).__name__.encode() + b"\0".join(_content(getattr(part, item.name)) for item in fields(part))
    return repr(part).encode()
