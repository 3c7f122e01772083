"""A segmenter that is loaded at the first click and remembers the pictures it has seen."""

import hashlib
import threading
from collections.abc import Callable, Sequence

from PIL import Image

from refedit.imaging.masks import Mask
from refedit.machine.cache import Cache
from refedit.segment.heat import cut_out
from refedit.segment.segmenter import Click, Embedded, Segmenter
from refedit.segment.selection import select

LIMIT = 64 << 20
"""So many bytes of embeddings are kept: about 16 pictures of an official SAM, hundreds of the built-in one."""


class EmbeddingCache:
    """Masks from clicks for many visitors: each picture is embedded once, whoever clicks on it.

    `load` is called at the first picture; after an EditError of it, again at the next one.
    """

    def __init__(self, load: Callable[[], Segmenter], limit: int = LIMIT) -> None:
        self._load, self._embedded = load, Cache(limit)
        self._segmenter: Segmenter | None = None
        self._lock = threading.Lock()

    def embed(self, picture: Image.Image) -> tuple[Segmenter, Embedded]:
        """The segmenter and the picture as it sees it, from memory if it has; EditError without a segmenter."""
        key = f"{picture.size} {hashlib.sha256(picture.tobytes()).hexdigest()}"
        with self._lock:
            if self._segmenter is None:
                self._segmenter = self._load()
            known: Embedded | None = self._embedded.get(key)
            if known is None:
                known = self._segmenter.embed(picture)
                self._embedded.put(key, known)
            return self._segmenter, known

    def thing(self, picture: Image.Image, heat: Mask) -> Mask:
        """The mask of the thing that a heat shows, see `cut_out`; EditError without a segmenter."""
        segmenter, embedded = self.embed(picture)
        return cut_out(segmenter, embedded, heat)

    def mask(self, picture: Image.Image, clicks: Sequence[Click]) -> Mask:
        """The mask of what the clicks show, see `select`; EditError without a segmenter or a click inside."""
        segmenter, embedded = self.embed(picture)
        return select(segmenter, embedded, clicks)
