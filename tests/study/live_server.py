"""By python -m tests.study.live_server DIR: a live study on a server for the tests, whose edits follow a script."""

import sys
from pathlib import Path

from refedit.segment.embedding_cache import EmbeddingCache
from refedit.study.running import open_study
from refedit.study.serving import serve_live
from refedit.ui.settings import Settings
from tests.page_server import tiny_segmenter
from tests.scripted_editor import ScriptedEditor


def main() -> None:
    study = open_study(Path(sys.argv[1]))
    try:
        serve_live(study, Settings.from_environment(), ScriptedEditor(), EmbeddingCache(tiny_segmenter))
    finally:
        study.close()


if __name__ == "__main__":
    main()
