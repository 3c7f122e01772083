"""Starts RefEdit's page: python app.py.

Its environment variables, all REFEDIT_*, are described in refedit/ui/settings.py.
"""

import signal

from refedit.editing.editor import Editor
from refedit.errors import EditError
from refedit.models import load_model
from refedit.study.serving import put_beside, study_beside
from refedit.ui.page import build_page, launch_options
from refedit.ui.settings import Settings


def main() -> None:
    try:
        settings = Settings.from_environment()
        options = launch_options(settings)  # first, since a model may take minutes to load
        study = study_beside()
        editor = Editor(load_model(settings.model, settings.device, settings.channels_last))
        page = build_page(editor, settings)
        if study:
            put_beside(study, page, options, editor)
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # answers are shipped before the end
    except (EditError, ValueError) as error:
        raise SystemExit(f"RefEdit cannot start: {error}") from error
    try:
        page.launch(**options)
    except OSError as error:  # Gradio's own advice is about another variable
        where = f"port {settings.port} of {settings.host}"
        raise SystemExit(
            f"RefEdit cannot start: {where} is in use or not this machine's. Set REFEDIT_PORT or REFEDIT_HOST."
        ) from error
    finally:
        if study:
            study.close()


if __name__ == "__main__":
    main()
