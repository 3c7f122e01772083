"""Starts RefEdit's page: python app.py.

Its environment variables, all REFEDIT_*, are described in refedit/ui/settings.py.
"""

from refedit.editing.editor import Editor
from refedit.errors import EditError
from refedit.models import load_model
from refedit.ui.page import build_page, launch, launch_options
from refedit.ui.settings import Settings


def main() -> None:
    try:
        settings = Settings.from_environment()
        options = launch_options(settings)  # first, since a model may take minutes to load
        editor = Editor(load_model(settings.model, settings.device, settings.channels_last))
        launch(build_page(editor, settings), settings, options)
    except (EditError, ValueError) as error:
        raise SystemExit(f"RefEdit cannot start: {error}") from error


if __name__ == "__main__":
    main()
