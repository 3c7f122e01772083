"""The parts of README.md that commands write: what lies between two marks."""

import re
from pathlib import Path

from refedit.errors import EditError


def readme_file() -> Path:
    """The README of this copy."""
    return Path(__file__).parents[2] / "README.md"


def write_part(readme: Path, name: str, text: str) -> None:
    """Puts a text into a README's part; raises as `with_part`."""
    readme.write_text(with_part(readme.read_text("utf-8"), name, text), encoding="utf-8")


def with_part(readme: str, name: str, text: str) -> str:
    """A README with another text between `<!-- name -->` and `<!-- /name -->`; EditError if it has no such marks."""
    marked = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
    if not marked.search(readme):
        raise EditError(f"README.md has no '<!-- {name} -->' ... '<!-- /{name} -->' to write into. Add them.")
    return marked.sub(lambda _: text + "\n", readme)
