"""`refedit bench claims | compare | report | recheck | publish`: what claims come to, on cases whose truth is known."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from refedit.errors import EditError

SETS = ("development", "test")
"""The names of `cases.CASE_SETS`, which would take seconds to import; a test holds them equal."""
ANY_MODEL = "a listed model, a diffusers folder or a hub id"
_SHOWN = 20
"""No more differences are printed: one changed outcome moves many means."""


def add_evidence(kinds: Any) -> None:
    """Adds the commands to the parser of `bench`."""
    _add_claims(kinds)
    _add_compare(kinds)
    _add_report(kinds)
    _add_recheck(kinds)
    _add_publish(kinds)


def _add_claims(kinds: Any) -> None:
    claims = kinds.add_parser("claims", help="check the papers' claims, and RefEdit's: verdicts with intervals")
    claims.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these claims, as S3 B1")
    _add_run(claims, cases=48)
    claims.set_defaults(run=_claims)


def _add_compare(kinds: Any) -> None:
    compare = kinds.add_parser("compare", help="the methods, others and bounds on the same cases")
    _add_run(compare, cases=100)
    compare.set_defaults(run=_compare)


def _add_report(kinds: Any) -> None:
    report = kinds.add_parser("report", help="a page and a summary from what `claims` and `compare` wrote")
    report.add_argument("results", type=Path, metavar="DIR", help="the folder that they wrote to")
    report.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for report.html and report.md")
    report.add_argument("--without-pictures", action="store_true", help="run no edits anew")
    add_model(report)
    report.set_defaults(run=_report)


def _add_recheck(kinds: Any) -> None:
    recheck = kinds.add_parser("recheck", help="whether two checkouts came to the same outcomes and verdicts")
    recheck.add_argument("before", type=Path, metavar="DIR", help="what the code before wrote")
    recheck.add_argument("after", type=Path, metavar="DIR", help="what this code wrote, for the same cases")
    recheck.add_argument("--stamp", action="store_true", help="if so, mark the published results as this code's too")
    recheck.set_defaults(run=_recheck)


def _add_publish(kinds: Any) -> None:
    publish = kinds.add_parser("publish", help="take results of the built-in model into this copy")
    publish.add_argument(
        "results", type=Path, nargs="?", metavar="DIR", help="the folder that `claims` and `compare` wrote to"
    )
    publish.add_argument(
        "--older", action="store_true", help="say of what is published that it is of an earlier version"
    )
    publish.set_defaults(run=_publish)


def _add_run(parser: argparse.ArgumentParser, cases: int) -> None:
    parser.add_argument(
        "--cases", type=int, default=cases, help="how many of every kind; grids and slow arms take half"
    )
    add_set(parser)
    add_results(parser)
    add_share(parser)
    add_pool(parser)
    add_model(parser)


def add_set(parser: argparse.ArgumentParser) -> None:
    """Adds `--set`: which drawn cases."""
    parser.add_argument("--set", choices=SETS, default="test")


def add_results(parser: argparse.ArgumentParser) -> None:
    """Adds `--out`, the folder that outcomes are kept in."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for results; a run goes on from there")


def add_share(parser: argparse.ArgumentParser) -> None:
    """Adds `--share`, for commands whose cases may be run by several processes."""
    parser.add_argument(
        "--share",
        default="1/1",
        metavar="K/N",
        help="only the K-th of N parts, for as many processes side by side; then run without, to put them together",
    )


def add_pool(parser: argparse.ArgumentParser) -> None:
    """Adds `--pool`, for commands whose edits may be made by several editors; see refedit/serving."""
    parser.add_argument(
        "--pool", default="", metavar="N", help="by N editors on this machine, or by the pool at HOST:PORT or auto"
    )


def add_model(parser: argparse.ArgumentParser, help_text: str = ANY_MODEL) -> None:
    """Adds `--model`, with a help text that says which ones will do, and `--device`."""
    parser.add_argument("--model", default="picturebook", help=help_text)
    parser.add_argument("--device", default="auto")


def _claims(options: argparse.Namespace) -> None:
    from refedit.bench.claims.run import Runs, chosen
    from refedit.bench.report.summary import verdict_table
    from refedit.bench.suites.results import CLAIMS_FILE, merge_claims

    claims = chosen(options.only)
    runs = Runs(claims, options.cases)
    about = _run(runs, lambda: Runs(claims, options.cases), options)
    if about is None:
        return
    results = {"about": about, "set": options.set, "cases": options.cases, "claims": runs.to_json()}
    print(verdict_table(merge_claims(results, options.out / CLAIMS_FILE)["claims"]))


def _compare(options: argparse.Namespace) -> None:
    from refedit.bench.report.summary import comparison_tables
    from refedit.bench.suites.compare import Comparison
    from refedit.bench.suites.results import COMPARE_FILE, write

    comparison = Comparison(options.cases)
    about = _run(comparison, lambda: Comparison(options.cases), options)
    if about is None:
        return
    results = {"about": about, "set": options.set, **comparison.to_json()}
    write(results, options.out / COMPARE_FILE)
    print(comparison_tables(results))


def _run(work: Any, another: Callable[[], Any], options: argparse.Namespace) -> dict[str, Any] | None:
    """Runs claims or a comparison; gives model, code and hardware, or None after a share, which has no result.

    With a pool its shares come first, each run by `another` such work; then all that they left.
    """
    from tqdm import tqdm

    from refedit.bench.experiment.store import Share, Store
    from refedit.bench.experiment.workbench import Workbench

    workbench, share = Workbench.load(options.model, options.device), Share.parse(options.share)

    def one(part: Share) -> Iterator[Any]:
        return another().run(pooled, Store(options.out, part), options.set, part)  # type: ignore[no-any-return]

    with workbench_with_pool(workbench, options) as pooled:
        for _ in tqdm(spread_over(pooled, one), desc="pool", disable=pooled.elsewhere is None):
            pass
    for _ in tqdm(work.run(workbench, Store(options.out, share), options.set, share), total=len(work) // share.of):
        pass
    return workbench.about() if share.whole else None


@contextmanager
def workbench_with_pool(workbench: Any, options: argparse.Namespace) -> Iterator[Any]:
    """The workbench with the pool that the command line asks for, if it does; EditError beside a share."""
    from refedit.serving.opening import pool_at
    from refedit.serving.replica import Offer

    if not options.pool:
        yield workbench
        return
    if options.share != "1/1":
        raise EditError("A pool shares the cases by itself. Leave out --share, or --pool.")
    with pool_at(options.pool, Offer(model=options.model, device=options.device)) as pool:
        yield workbench.with_pool(pool)


def spread_over(workbench: Any, run: Callable[[Any], Iterator[Any]]) -> Iterator[Any]:
    """What shares give that a workbench's pool makes; nothing without a pool."""
    from refedit.bench.experiment.store import spread

    return iter(()) if workbench.elsewhere is None else spread(run, workbench.elsewhere.at_once)


def _report(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from refedit.bench.report.page import page
    from refedit.bench.report.strips import strips
    from refedit.bench.report.summary import summary
    from refedit.bench.suites.results import read_results

    results, rows = read_results(options.results), []
    try:
        if not options.without_pictures:
            rows = list(tqdm(strips(results, options.model, options.device), desc="pictures", unit="case"))
    except EditError as error:
        print(f"refedit: the page has no pictures. {error}", file=sys.stderr)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "report.html").write_text(page(results, rows), encoding="utf-8")
    (options.out / "report.md").write_text(summary(results), encoding="utf-8")
    print(options.out / "report.html")


def _publish(options: argparse.Namespace) -> None:
    from refedit.bench.experiment.workbench import Workbench
    from refedit.bench.publish import mark_older, publish
    from refedit.models import BUILTIN

    if options.older:
        mark_older()
        return
    if options.results is None:
        raise EditError("Name the folder of the results to publish, or add --older.")
    publish(options.results, Workbench.load(BUILTIN, "cpu").checksum)


def _recheck(options: argparse.Namespace) -> None:
    from refedit.bench.publish import PUBLISHED
    from refedit.bench.recheck import differences, stamp

    apart = list(differences(options.before, options.after))
    for sentence in apart[:_SHOWN]:
        print(sentence)
    if apart:
        raise EditError(f"Differences: {len(apart)}. Find out why, or run the benchmark anew and publish it.")
    print("The outcomes and verdicts are the same, but for seconds.")
    if options.stamp:
        stamp(options.after, PUBLISHED)
