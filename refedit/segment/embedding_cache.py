"""A segmenter that is loaded at the first click and remembers the pictures it has seen."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from PIL import Image

from refedit.errors import EditError
from refedit.imaging.masks import Mask
from refedit.machine.cache import Cache
from refedit.segment.heat import cut_out
from refedit.segment.segmenter import Click, Embedded, Segmenter
from refedit.segment.selection import select

LIMIT = 64 << 20
"""So many bytes of embeddings are kept: about 16 pictures of an official SAM, hundreds of the built-in one."""


PATIENCE = 10.0
"""Seconds for which a click waits until the segmenter is loaded."""
STILL_LOADING = "What finds things from clicks is still being loaded. Try again in a minute, or paint with the brush."


class EmbeddingCache:
    """Masks from clicks for many visitors: each picture is embedded once, whoever clicks on it.

    `load` is called at the first picture, on a thread of its own, since it may download for long; after an EditError
    of it, again at the next one. A picture that is known is not kept waiting by one that is being embedded.
    """

    def __init__(self, load: Callable[[], Segmenter], limit: int = LIMIT) -> None:
        self._load, self._embedded = load, Cache(limit)
        self._loaded: Future[Segmenter] | None = None
        self._lock, self._embedding = threading.Lock(), threading.Lock()

    def embed(self, picture: Image.Image) -> tuple[Segmenter, Embedded]:
        """The segmenter and the picture as it sees it, from memory if it has; EditError without a segmenter."""
        key = f"{picture.size} {hashlib.sha256(picture.tobytes()).hexdigest()}"
        segmenter = self._segmenter()
        if (known := self._known(key)) is not None:
            return segmenter, known
        with self._embedding:
            known = self._known(key)
            if known is None:
                known = segmenter.embed(picture)
                with self._lock:
                    self._embedded.put(key, known)
        return segmenter, known

    def _known(self, key: str) -> Embedded | None:
        with self._lock:
            known: Embedded | None = self._embedded.get(key)
            return known

    def _segmenter(self) -> Segmenter:
        """The segmenter, once it is loaded; EditError if that fails, or takes longer than somebody waits."""
        with self._lock:
            if self._loaded is None or (self._loaded.done() and self._loaded.exception() is not None):
                self._loaded = Future()
                threading.Thread(target=self._load_into, args=(self._loaded,), daemon=True).start()
            loading = self._loaded
        try:
            return loading.result(PATIENCE)
        except TimeoutError:
            raise EditError(STILL_LOADING) from None

    def _load_into(self, loaded: "Future[Segmenter]") -> None:
        try:
            loaded.set_result(self._load())
        except BaseException as error:
            loaded.set_exception(error)

    def thing(self, picture: Image.Image, heat: Mask) -> Mask:
        """The mask of the thing that a heat shows, see `cut_out`; EditError without a segmenter."""
        segmenter, embedded = self.embed(picture)
        return cut_out(segmenter, embedded, heat)

    def mask(self, picture: Image.Image, clicks: Sequence[Click]) -> Mask:
        """The mask of what the clicks show, see `select`; EditError without a segmenter or a click inside."""
        segmenter, embedded = self.embed(picture)
        return select(segmenter, embedded, clicks)
