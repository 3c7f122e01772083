"""`refedit study build | simulate | analyse | power`: what people are shown, and what their answers come to."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refedit.errors import EditError

if TYPE_CHECKING:
    from refedit.study.analysis.planted import Planted


def add_kind(kinds: Any, name: str, run: Any, about: str, folder: str = "of the study") -> argparse.ArgumentParser:
    """Adds a command on a study's folder to the parser of `study`, and gives its parser."""
    parser: argparse.ArgumentParser = kinds.add_parser(name, help=about)
    parser.add_argument("folder", type=Path, metavar="DIR", help=f"the folder {folder}")
    parser.set_defaults(run=run)
    return parser


def add_evidence(kinds: Any) -> None:
    """Adds the commands to the parser of `study`."""
    _add_build(kinds)
    _add_simulate(kinds)
    _add_analyse(kinds)
    _add_power(kinds)


def _add_build(kinds: Any) -> None:
    build = add_kind(kinds, "build", _build, "make its pictures; goes on where it was stopped")
    build.add_argument("--model", default="picturebook", help="a listed model, a diffusers folder or a hub id")
    build.add_argument("--device", default="auto")


def _add_simulate(kinds: Any) -> None:
    simulate = add_kind(kinds, "simulate", _simulate, "rehearse it with made-up people, in a copy")
    simulate.add_argument("--people", type=_number, default=40)
    simulate.add_argument("--out", type=Path, metavar="FOLDER", help="for the copy; DIR/simulated by default")
    simulate.add_argument("--step", type=float, default=0.6, help="log odds from each arm to the next, the first ahead")
    simulate.add_argument("--side", type=float, default=0.2, help="log odds that the left picture has ahead")
    simulate.add_argument("--careless", type=float, default=0.1, help="the share of people who click at random")
    simulate.add_argument("--seed", type=int, default=0)
    _add_tastes(simulate)


def _add_analyse(kinds: Any) -> None:
    analyse = add_kind(kinds, "analyse", _analyse, "report.html, report.md and tables of what came out")
    analyse.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    analyse.add_argument("--failed-checks", type=int, default=0, metavar="N", help="flag who fails more than so many")
    analyse.add_argument("--fastest-ms", type=int, default=1000, metavar="MS", help="flag whose median time is less")
    analyse.add_argument(
        "--one-side", type=float, default=0.95, metavar="SHARE", help="flag who takes one side so often"
    )
    analyse.add_argument("--without-pictures", action="store_true", help="leave the cases' pictures out of the page")


def _add_power(kinds: Any) -> None:
    power = add_kind(kinds, "power", _power, "how many people and cases it takes, by simulation")
    power.add_argument("--preference", type=float, default=0.65, metavar="SHARE", help="of votes for the first arm")
    power.add_argument("--people", type=_number, nargs="+", default=[10, 20, 40], metavar="N")
    power.add_argument("--cases", type=_number, nargs="+", default=[12, 24, 48], metavar="N")
    power.add_argument("--studies", type=_number, default=200, metavar="N", help="made-up studies for each number")
    _add_tastes(power)


def _number(text: str) -> int:
    """A whole number from 1 on, as argparse wants it."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 1 on")
    return int(text)


def _add_tastes(parser: argparse.ArgumentParser) -> None:
    help_text = "how much %s differ in what they prefer, in log odds"
    parser.add_argument("--person-sd", type=float, default=0.6, help=help_text % "people")
    parser.add_argument("--case-sd", type=float, default=0.8, help=help_text % "cases")
    parser.add_argument("--ties", type=float, default=0.1, help="the share of answers that are no preference")


def _build(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from refedit.bench.experiment.workbench import Workbench
    from refedit.study.analysis.measured import write_measured
    from refedit.study.data.definition import read_definition
    from refedit.study.data.pairs import write_built
    from refedit.study.pictures.build import StudyBuild

    definition = read_definition(options.folder)
    build = StudyBuild(definition, options.folder, Workbench.load(options.model, options.device))
    for _ in tqdm(build.run(), total=len(build), desc="pictures", unit="edit"):
        pass
    built = build.built()
    write_measured(build.measured(), options.folder)
    write_built(built, options.folder)
    print(f"{len(built.pairs)} pairs. Try it: python -m refedit study serve {options.folder}")


def _planted(options: argparse.Namespace, arms: Sequence[str]) -> "Planted":
    from refedit.study.analysis.planted import Planted

    strengths = {arm: -options.step * place if place else 0.0 for place, arm in enumerate(arms)}
    return Planted(
        strengths=strengths,
        side=options.side,
        person_sd=options.person_sd,
        case_sd=options.case_sd,
        ties=options.ties,
        careless=options.careless,
    )


def _simulate(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from refedit.study.bots import Crowd
    from refedit.study.data.definition import read_definition
    from refedit.study.data.pairs import read_built
    from refedit.study.data.records import REHEARSAL, answers, open_records
    from refedit.study.simulate import Totals, copy_study, send_all, serving

    out = options.out or options.folder / REHEARSAL
    definition = read_definition(options.folder)
    if definition.kind == "curated":
        read_built(options.folder, definition)  # what is wrong with it is told of this folder and not of the copy
    planted = _planted(options, tuple(definition.arms))
    copy_study(options.folder, out, planted)
    crowd = Crowd.of(read_built(out, definition), planted, options.people, seed=options.seed)
    with serving(out) as address:
        sending = send_all(crowd, options.people, address)
        sent = list(tqdm(sending, total=options.people, desc="people", unit="person"))
    totals, stored = Totals.of(sent), len(answers(open_records(out)))
    for name, count in (*vars(totals).items(), ("stored", stored)):
        print(f"{name:13} {count}")
    if stored != totals.acknowledged:
        raise EditError("Not every answer that was acknowledged is stored. Do not run this study; look at the disk.")
    print(f"See what comes out: python -m refedit study analyse {out} --out {out / 'report'}")


def _analyse(options: argparse.Namespace) -> None:
    from refedit.study.analysis.people import Rules
    from refedit.study.analysis.write import write_analysis

    rules = Rules(
        failed_checks=options.failed_checks, fastest_ms=options.fastest_ms, one_side=options.one_side
    )  # fmt: skip
    for told in write_analysis(options.folder, options.out, rules, pictures=not options.without_pictures):
        print(told)


def _power(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from refedit.reporting.document import markdown
    from refedit.study.analysis.planted import Planted
    from refedit.study.analysis.power import grid, power_table, preferring
    from refedit.study.data.definition import read_definition

    definition = read_definition(options.folder)
    plain = Planted(strengths={}, person_sd=options.person_sd, case_sd=options.case_sd, ties=options.ties)
    planted = preferring(tuple(definition.arms), options.preference, plain)
    cells = grid(planted, options.people, options.cases, definition.trials, options.studies)
    total = len(options.people) * len(options.cases)
    print(markdown(*power_table(list(tqdm(cells, total=total, desc="power", unit="size")))))
