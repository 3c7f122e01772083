"""Starts RefEdit's page: python app.py.

Its environment variables, all REFEDIT_*, are described in refedit/ui/settings.py.
"""

import logging
import os
import sys
from contextlib import ExitStack, closing, nullcontext
from functools import partial

import torch

from refedit.editing.editor import Editor
from refedit.editing.line import in_line
from refedit.editing.service import EditingService
from refedit.errors import EditError
from refedit.models import load_model, what_hides
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.study.serving import put_beside, study_beside
from refedit.ui.kept_files import kept_files
from refedit.ui.launching import launch
from refedit.ui.page import build_page, embeddings_of, launch_options
from refedit.ui.settings import Settings
from refedit.ui.waiting_room import patiently, waiting_room


def main() -> None:
    logging.basicConfig(format="%(message)s")
    logging.getLogger("refedit").setLevel(logging.INFO)
    try:
        settings = Settings.from_environment()
        options = launch_options(settings)  # first, since a model may take minutes to load
        study = study_beside()
        with ExitStack() as waiting, closing(study) if study else nullcontext():
            room = waiting.enter_context(waiting_room(settings))
            editor, embeddings = patiently(room, partial(_edited_by, settings))
            editor = in_line(editor)
            with kept_files(settings.promise) as janitor:
                page = build_page(editor, settings, embeddings)
                if study:
                    put_beside(study, page, options, editor, embeddings)
                waiting.close()
                launch(page, settings, options, janitor)
        _leave()
    except (EditError, ValueError) as error:
        raise SystemExit(f"RefEdit cannot start: {error}") from error
    except OSError as error:
        raise SystemExit(f"RefEdit cannot start: {error.filename or 'a file'}: {error.strerror or error}.") from error
    except KeyboardInterrupt:
        raise SystemExit("RefEdit was stopped before it was ready.") from None


def _leave() -> None:
    """Ends the process now: a thread whose edit still runs would hold it until that is done."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


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
