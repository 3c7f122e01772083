"""Where a command writes its picture."""

from pathlib import Path

from refedit.errors import EditError


def check_out(path: Path) -> None:
    """EditError, before any work is done, if a PNG cannot be written there or would have another format's name."""
    if not path.absolute().parent.is_dir():
        raise EditError(f"There is no folder '{path.parent}' to write to. Make it first.")
    if path.suffix.lower() != ".png":
        raise EditError(f"'{path}' would be a PNG with another name. Let it end in .png.")
