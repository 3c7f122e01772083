"""Whether a folder's files are the ones that were shipped: their SHA-256 sums stand in a file among them.

The file has the format of the tool sha256sum, which can check it too.
"""

import hashlib
from pathlib import Path

from refedit.errors import EditError

SUMS = "SHA256SUMS"


def sha256(path: Path) -> str:
    """The SHA-256 sum of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sums(folder: Path) -> None:
    """Writes the sums of all files in a folder and below, but for their own and the card, which people may mend."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in (SUMS, "README.md"))
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def check_sums(folder: Path, part: str = "") -> None:
    """Nothing if every listed file is as it was; EditError names the first one that is missing or damaged.

    `part` is a folder in it that alone is looked at.
    """
    if not (folder / SUMS).is_file():
        raise EditError(f"The list of files '{SUMS}' is missing in '{folder}'. Install RefEdit again.")
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        expected, _, name = line.partition("  ")
        if part and not name.startswith(f"{part}/"):
            continue
        if not (folder / name).is_file():
            raise EditError(f"The model's file '{name}' is missing in '{folder}'. Install RefEdit again.")
        if sha256(folder / name) != expected:
            raise EditError(f"The model's file '{name}' in '{folder}' is damaged. Install RefEdit again.")
