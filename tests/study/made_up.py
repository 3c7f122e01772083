"""Studies with pictures of plain colours, as `study build` would leave them; imports nothing large."""

import secrets
from pathlib import Path
from typing import Any

import yaml
from PIL import Image, ImageDraw

from refedit.study.data.definition import FILE, Definition, read_definition
from refedit.study.data.pairs import PICTURES, Built, Pair, PairKind, Side, write_built

CONSENT = "# About this study\n\nWe ask **you**.\n\n- One\n- Two\n\n[Write](mailto:someone@example.org) to us.\n"
CHECKS = 3
COLOURS = ("#c05040", "#4070c0", "#50a060", "#c0a030", "#8050b0", "#40a0a0")
STUDY: dict[str, Any] = {
    "v": 1,
    "name": "made-up",
    "contact": "someone@example.org",
    "arms": {
        "specref": {"method": "specref", "preset": "recommended"},
        "official": {"method": "specref", "preset": "official"},
        "words": {"bench": "prompt-to-prompt"},
    },
    "cases": {"from": "bench", "kind": "reference", "numbers": "0-7"},
    "questions": [{"id": "like", "text": "Which is more like the reference?"}],
    "trials": 20,
    "checks": 2,
    "repeats": 2,
    "minimum_ms": 0,
}


def write_study(folder: Path, **changes: Any) -> Definition:
    """A study that can be served; a change to None takes a key away."""
    told = {key: value for key, value in (STUDY | changes).items() if value is not None}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(yaml.safe_dump(told, sort_keys=False), "utf-8")
    (folder / "consent.md").write_text(CONSENT, "utf-8")
    definition = read_definition(folder)
    if definition.kind == "curated":
        write_built(Built(sha256=definition.sha256, model="none", pairs=pairs(folder, definition)), folder)
    return definition


def pairs(folder: Path, definition: Definition) -> tuple[Pair, ...]:
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    made: list[Pair] = []
    for case in range((definition.most_pairs or 0) // len(definition.arm_pairs)):
        common = {name: picture(folder, case, name) for name in ("source", "reference")} | {"mask": mask(folder)}
        results = {arm: picture(folder, case, arm) for arm in definition.arms}
        arms = [(first, second, PairKind.PAIR) for first, second in definition.arm_pairs]
        if case < CHECKS:
            arms.append(("truth", "source", PairKind.CHECK))
            results |= {"truth": picture(folder, case, "truth"), "source": common["source"]}
        for first, second, kind in arms:
            pair: dict[str, Any] = {
                "id": f"{case}-{first}-{second}", "kind": kind, "case": f"case {case}", "prompt": f"mug number {case}",
                "first_arm": first, "second_arm": second, "first": results[first], "second": results[second],
                "expected": Side.FIRST if kind is PairKind.CHECK else None,
            }  # fmt: skip
            made.append(Pair(**(pair | common)))
    return tuple(made)


def picture(folder: Path, case: int, name: str) -> str:
    image = Image.new("RGB", (128, 128), COLOURS[case % len(COLOURS)])
    spot = sum(map(ord, name)) % 60
    ImageDraw.Draw(image).ellipse((spot, spot, spot + 50, spot + 50), fill=COLOURS[(case + len(name)) % len(COLOURS)])
    return saved(image, folder)


def mask(folder: Path) -> str:
    image = Image.new("L", (128, 128))
    ImageDraw.Draw(image).ellipse((30, 30, 98, 98), fill=255)
    return saved(image, folder)


def saved(image: Image.Image, folder: Path) -> str:
    name = secrets.token_hex(8)
    image.save(folder / PICTURES / f"{name}.png")
    return name
