"""Starts RefEdit's page: python app.py.

Its environment variables, all REFEDIT_*, are described in refedit/ui/settings.py.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch

from refedit.editing.editor import Editor
from refedit.editing.service import EditingService
from refedit.errors import EditError
from refedit.models import load_model, what_hides
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.study.serving import serve_page
from refedit.ui.launching import end_in_order, leave
from refedit.ui.page import embeddings_of
from refedit.ui.settings import Settings
from refedit.ui.waiting_room import WaitingRoom, patiently


def main() -> None:
    end_in_order()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("refedit").setLevel(logging.INFO)
    try:
        settings = Settings.from_environment()
        serve_page(settings, partial(_opened, settings))
        leave()
    except (EditError, ValueError) as error:
        raise SystemExit(f"RefEdit cannot start: {error}") from error
    except OSError as error:
        raise SystemExit(f"RefEdit cannot start: {error.filename or 'a file'}: {error.strerror or error}.") from error
    except KeyboardInterrupt:
        raise SystemExit("RefEdit was stopped before it was ready.") from None


@contextmanager
def _opened(settings: Settings, room: WaitingRoom) -> Iterator[tuple[EditingService, EmbeddingCache]]:
    yield patiently(room, partial(_edited_by, settings))


def _edited_by(settings: Settings) -> tuple[EditingService, EmbeddingCache]:
    """Who edits and who segments: on ZeroGPU an editor that borrows GPUs, and a segmenter that needs none."""
    if os.environ.get("SPACES_ZERO_GPU", "").lower() not in ("1", "t", "true"):  # as `spaces` reads it
        return _editor(settings), embeddings_of(settings)
    from refedit.hosting.zero import ZeroEditor  # before the model is loaded; see there

    return ZeroEditor(_editor(settings, lent=True)), embeddings_of(settings, torch.device("cpu"))


def _editor(settings: Settings, lent: bool = False) -> Editor:
    """The editor of this process; with `lent` GPUs, nothing can be measured before there is one."""
    channels_last = bool(settings.channels_last) if lent else settings.channels_last
    model = load_model(settings.model, settings.device, channels_last)
    return Editor(model, hides=what_hides(model, settings.safety_checker))


if __name__ == "__main__":
    if sys.argv[1:]:
        raise SystemExit("app.py takes no arguments. Set variables before it, as in: REFEDIT_PORT=7861 python app.py")
    main()
