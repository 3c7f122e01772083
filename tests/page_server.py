"""By python -m tests.page_server: the page on a server for the tests.

The SAM is a tiny one, which is untrained and gives some mask for every click; or, with the model `SCRIPTED`, the
built-in one, and the editor follows a script.
"""

from functools import partial

import torch

from refedit.editing.editor import Editor
from refedit.models import builtin_segmenter, load_model
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.segment.sam_network import SamConfig, build_sam
from refedit.segment.segmenter import Segmenter
from refedit.ui.kept_files import kept_files
from refedit.ui.launching import launch
from refedit.ui.page import build_page, launch_options
from refedit.ui.settings import Settings
from tests.scripted_editor import ScriptedEditor
from tests.serving import BUILT_IN_SAM, SCRIPTED

TINY = SamConfig(
    pixels=64, patch=16, features=32, depth=2, heads=2, window=2, whole=(1,), decoder=32,
    decoder_depth=1, decoder_heads=2, decoder_hidden=32,
)  # fmt: skip


def tiny_segmenter() -> Segmenter:
    """A SAM of random weights, the same ones every time."""
    torch.manual_seed(0)
    return Segmenter(build_sam(TINY), torch.device("cpu"))


def main() -> None:
    settings = Settings.from_environment()
    scripted = settings.model == SCRIPTED
    editor = ScriptedEditor() if scripted else Editor(load_model(settings.model, settings.device))
    built_in = partial(builtin_segmenter, torch.device("cpu"))
    segmenter = built_in if scripted and BUILT_IN_SAM else tiny_segmenter
    with kept_files(settings.promise) as janitor:
        page = build_page(editor, settings, EmbeddingCache(segmenter))
        launch(page, settings, launch_options(settings), janitor)


if __name__ == "__main__":
    main()
