"""`refedit bench`: measurements from the command line. Heavy imports happen inside the commands."""

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from refedit.bench.evidence_commands import (
    add_evidence,
    add_model,
    add_pool,
    add_results,
    add_set,
    add_share,
    spread_over,
    workbench_with_pool,
)
from refedit.errors import EditError

KINDS = ("reference", "pose", "rigid")
"""The values of `cases.CaseKind`, which would take seconds to import; a test holds them equal."""
TRACED = (
    "JSON with method, pipeline, source, prompts and, for a method that needs one, a reference; the rest by the names "
    "of the method's public code where there is some, else in settings"
)


def add_commands(commands: Any) -> None:
    """Adds `bench` with its own commands, and `trace`, to a parser's."""
    kinds = commands.add_parser("bench", help="measure").add_subparsers(required=True, metavar="WHAT")
    _add_speed(kinds)
    _add_serve(kinds)
    _add_server(kinds)
    _add_edits(kinds)
    _add_tune(kinds)
    add_evidence(kinds)
    _add_trace(commands)


def _add_speed(kinds: Any) -> None:
    speed = kinds.add_parser("speed", help="UNet rows, seconds and memory of edits on this machine")
    add_model(speed)
    speed.add_argument("--steps", type=int, default=50)
    speed.add_argument("--channels-last", action="store_true", help="the memory layout that some GPUs prefer")
    speed.add_argument("--without-sd15", action="store_true", help="leave out the SD 1.5-shaped network (4 GB)")
    speed.add_argument("--out", type=Path, help="JSON file to write")
    speed.set_defaults(run=_speed)


def _add_serve(kinds: Any) -> None:
    serve = kinds.add_parser(
        "serve", help="edits per second of 1, 2 and N editors, with and without a pool (needs Ray)"
    )
    add_model(serve)
    serve.add_argument("--replicas", type=int, default=2, metavar="N", help="how many editors at most; default: 2")
    serve.add_argument("--edits", type=int, default=8, help="how many edits each makes; default: 8")
    serve.add_argument("--out", type=Path, help="JSON file to write")
    serve.set_defaults(run=_serve)


def _add_server(kinds: Any) -> None:
    server = kinds.add_parser("server", help="a server tried as strangers try it: floods, kills, hostile pictures")
    server.add_argument("--model", default="picturebook", help="what the server edits with")
    server.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these trials")
    server.add_argument("--quick", action="store_true", help="fewer repetitions")
    server.add_argument("--list", action="store_true", help="only tell what each trial does")
    server.add_argument("--out", type=Path, help="JSON file to write")
    server.set_defaults(run=_server)


def _add_edits(kinds: Any) -> None:
    edits = kinds.add_parser("edits", help="the methods on drawn cases whose true result is known")
    _add_cases(edits, count=100)
    add_set(edits)
    add_share(edits)
    add_pool(edits)
    edits.set_defaults(run=_edits)


def _add_tune(kinds: Any) -> None:
    tuning = kinds.add_parser("tune", help="choose parameters of the methods on development cases")
    _add_cases(tuning, count=24)
    tuning.add_argument("--kind", choices=KINDS, help="only this kind of edit")
    tuning.set_defaults(run=_tune)


def _add_trace(commands: Any) -> None:
    trace = commands.add_parser("trace", help="write an edit's latents step by step")
    trace.add_argument("config", type=Path, help=TRACED)
    trace.add_argument("out", type=Path, help="the safetensors file to write")
    trace.add_argument("--device", default="cpu")
    trace.set_defaults(run=_trace)


def _add_cases(parser: argparse.ArgumentParser, count: int) -> None:
    add_model(parser, "the built-in model, or a folder with readers")
    parser.add_argument("--cases", type=int, default=count, help="how many of every kind")
    add_results(parser)


def _edits(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from refedit.bench.experiment.outcome import Outcome
    from refedit.bench.experiment.store import Share
    from refedit.bench.experiment.workbench import Workbench
    from refedit.bench.suites.edits import ARMS, figures, run_cases, run_timed, sheet
    from refedit.picturebook.evaluation.figures import table, write_figures

    workbench, count, share = Workbench.load(options.model, options.device), options.cases, Share.parse(options.share)

    def run(part: Share, by: Workbench = workbench) -> Iterator[Outcome]:
        return run_cases(by, options.set, count, options.out, part)

    with workbench_with_pool(workbench, options) as pooled:
        for _ in tqdm(spread_over(pooled, lambda part: run(part, pooled)), desc="pool", disable=not options.pool):
            pass
    runs = run(share)
    outcomes = list(tqdm(runs, total=len(share.of_cases(count)) * sum(map(len, ARMS.values()))))
    if not share.whole:
        return
    rows = figures(outcomes, list(run_timed(workbench, options.set, count, options.out)))
    sheet(workbench, options.set).save(options.out / "sheet.png")
    write_figures(rows, options.out / "edits.json")
    print(table(rows))


def _tune(options: argparse.Namespace) -> None:
    from refedit.bench.experiment.store import Store
    from refedit.bench.experiment.workbench import Workbench
    from refedit.bench.suites.tune import STARTS, tune

    workbench, store = Workbench.load(options.model, options.device), Store(options.out)
    for kind in (options.kind,) if options.kind else STARTS:
        trials = []
        for trial in tune(workbench, store, kind, options.cases):
            print(f"{trial.score:8.4f} on {len(trial.scores)}  {kind}  {dict(trial.settings)}", flush=True)
            trials.append({**asdict(trial), "score": trial.score})
        (options.out / f"{kind}.json").write_text(json.dumps(trials, indent=1) + "\n")


def _speed(options: argparse.Namespace) -> None:
    from refedit.bench.suites.speed import as_row, measure_edits, measure_rows
    from refedit.machine.device import machine, pick_device
    from refedit.models import load_model

    device, dtype = pick_device(options.device)
    measured: dict[str, Any] = {"machine": machine(device)}
    model = load_model(options.model, options.device, options.channels_last)
    measured["edits"] = _table(as_row(cost) for cost in measure_edits(model, options.steps))
    if not options.without_sd15:
        measured["sd15_rows"] = _table(as_row(cost) for cost in measure_rows(device, dtype, options.channels_last))
    if options.out:
        options.out.write_text(json.dumps(measured, indent=1) + "\n")


def _serve(options: argparse.Namespace) -> None:
    from refedit.bench.suites.serving_cost import as_row, measure_serving, told_of
    from refedit.machine.device import machine, pick_device
    from refedit.serving.opening import check_installed
    from refedit.serving.replica import Offer

    check_installed()
    if min(options.replicas, options.edits) < 1:
        raise EditError("There is nothing to measure. Ask for one replica and one edit at least.")
    device, counts = pick_device(options.device)[0], sorted({1, min(2, options.replicas), options.replicas})
    results = []

    def rows() -> Iterator[dict[str, Any]]:
        for result in measure_serving(Offer(model=options.model, device=options.device), counts, options.edits):
            results.append(result)
            yield as_row(result)

    measured = {"machine": machine(device), "serving": _table(rows())}
    for sentence in told_of(results):
        print(sentence)
    if options.out:
        options.out.write_text(json.dumps(measured, indent=1) + "\n")


def _server(options: argparse.Namespace) -> None:
    from tempfile import TemporaryDirectory

    from refedit.bench.suites.server import disk, hub, memory, waiting, wire
    from refedit.bench.suites.server.site import check_can_serve
    from refedit.bench.suites.server.trial import as_row, chosen, run_trials

    every = (*disk.TRIALS, *memory.TRIALS, *waiting.TRIALS, *wire.TRIALS, *hub.TRIALS)
    trials = chosen(every, options.only)
    if options.list:
        for trial in trials:
            print(f"{trial.name}: {trial.does}. Goal: {trial.goal}.")
        return
    check_can_serve()
    with TemporaryDirectory() as folder:
        runs = run_trials(trials, options.model, Path(folder), options.quick)
        measured = _table(as_row(trial, found) for trial, found in runs)
    if options.out:
        options.out.write_text(json.dumps(measured, indent=1) + "\n")


def _table(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Prints rows as they come and gives them all."""
    printed: list[dict[str, Any]] = []
    for row in rows:
        if not printed:
            print("  ".join(f"{name:>18}" for name in row))
        printed.append(row)
        print("  ".join(f"{value!s:>18}" for value in row.values()), flush=True)
    return printed


def _trace(options: argparse.Namespace) -> None:
    from refedit.bench.golden.trace import trace

    arrays = trace(options.config, options.out, options.device)
    for name, array in arrays.items():
        print(f"{name:20} {tuple(array.shape)}")
