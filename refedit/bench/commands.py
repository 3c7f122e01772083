"""`refedit bench`: measurements from the command line. Heavy imports happen inside the commands."""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def add_commands(commands: Any) -> None:
    """Adds `bench` and its own commands to a parser's."""
    kinds = commands.add_parser("bench", help="measure").add_subparsers(required=True, metavar="WHAT")
    speed = kinds.add_parser("speed", help="UNet rows, seconds and memory of edits on this machine")
    speed.add_argument("--model", default="picturebook", help="a listed model, a diffusers folder or a hub id")
    speed.add_argument("--device", default="auto")
    speed.add_argument("--steps", type=int, default=50)
    speed.add_argument("--channels-last", action="store_true", help="the memory layout that some GPUs prefer")
    speed.add_argument("--without-sd15", action="store_true", help="leave out the SD 1.5-shaped network (4 GB)")
    speed.add_argument("--out", type=Path, help="JSON file to write")
    speed.set_defaults(run=_speed)


def _speed(options: argparse.Namespace) -> None:
    from refedit.bench.speed import as_row, machine, measure_edits, measure_rows
    from refedit.models import load_model
    from refedit.stable_diffusion import pick_device

    device, dtype = pick_device(options.device)
    found: dict[str, Any] = {"machine": machine(device)}
    model = load_model(options.model, options.device, options.channels_last)
    found["edits"] = _table(as_row(cost) for cost in measure_edits(model, options.steps))
    if not options.without_sd15:
        found["sd15_rows"] = _table(as_row(cost) for cost in measure_rows(device, dtype, options.channels_last))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n")


def _table(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Prints rows as they come and gives them all."""
    seen: list[dict[str, Any]] = []
    for row in rows:
        if not seen:
            print("  ".join(f"{name:>18}" for name in row))
        seen.append(row)
        print("  ".join(f"{value!s:>18}" for value in row.values()), flush=True)
    return seen
