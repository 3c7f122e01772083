"""A claim as plain data: what is said, what would refute it, what is run, and which differences decide."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from refedit.bench.claims.contrast import ENOUGH, ByArm, Contrast, Curve, Decision
from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import CaseKind
from refedit.bench.experiment.statistics import LEVEL, Interval


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A contrast as measured; `wider` is the interval that can refute it, and `decision` what it says of the claim.

    A contrast that is only reported has neither: None and "".
    """

    contrast: Contrast
    interval: Interval
    wider: Interval | None
    decision: Decision | Literal[""]

    def to_json(self) -> dict[str, Any]:
        """Deciding ones with what they were held against: it holds above `least`, and is refuted below it."""
        parts = {"what": self.contrast.what, "interval": self.interval.to_json(), "decision": self.decision}
        if self.wider is None:
            return parts
        return {**parts, "wider": self.wider.to_json(), "least": self.contrast.least}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of a claim, with a reason where it needs one, and the findings that it rests on."""

    decision: Decision
    reason: str
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        return {"verdict": self.decision, "reason": self.reason, "findings": [item.to_json() for item in self.findings]}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim of a paper or its code, or about what RefEdit adds.

    `arms` gives for every kind of case what is run, on a `share` of the cases that are asked for, and `most` at most.
    `judge` makes the verdict; None decides by the contrasts. `limits` says what can't be checked here,
    `revised` what was changed after test cases had been seen.
    """

    name: str
    statement: str
    source: str
    falsifier: str
    arms: Mapping[CaseKind, tuple[Arm, ...]]
    contrasts: tuple[Contrast, ...] = ()
    share: float = 1.0
    most: int | None = None
    limits: str = ""
    curves: tuple[Curve, ...] = ()
    revised: str = ""
    judge: Callable[["Claim", ByArm], Verdict] | None = None

    @property
    def place(self) -> tuple[int, int]:
        """To sort by: S1 to S10, then B1 to B9, then A1."""
        return place_of(self.name)

    def count(self, cases: int) -> int:
        """On how many cases of each kind its arms are run if `cases` are asked for."""
        count = math.ceil(self.share * cases)
        return count if self.most is None else min(count, self.most)

    def verdict(self, results: ByArm) -> Verdict:
        """What the outcomes of its arms say; a pure function of them."""
        return self.judge(self, results) if self.judge else by_contrasts(self.contrasts, results)

    def to_json(self, results: ByArm) -> dict[str, Any]:
        """Everything about it and what came of it, for the report."""
        parts = {
            name: getattr(self, name) for name in ("name", "statement", "source", "falsifier", "limits", "revised")
        }
        curves = [curve.to_json(results) for curve in self.curves]
        return {**parts, **self.verdict(results).to_json(), "curves": curves}


def place_of(name: str) -> tuple[int, int]:
    return "SBA".index(name[0]), int(name[1:])


def by_contrasts(contrasts: Sequence[Contrast], results: ByArm) -> Verdict:
    """Fails if any deciding contrast is refuted, holds if all hold, else is not decided.

    One of many contrasts is refuted by chance sooner than one alone, so what refutes are Bonferroni's wider intervals;
    holding needs no such care, since all have to.
    """
    deciding = sum(contrast.role == "decides" for contrast in contrasts)
    level = 1 - (1 - LEVEL) / max(deciding, 1)
    findings = [_finding(contrast, results, level) for contrast in contrasts]
    decisions = [finding.decision for finding in findings if finding.decision]
    if "fails" in decisions:
        return Verdict(decision="fails", reason="", findings=tuple(findings))
    if decisions and all(decision == "holds" for decision in decisions):
        return Verdict(decision="holds", reason="", findings=tuple(findings))
    return Verdict(decision="not decided", reason=_why(findings, results), findings=tuple(findings))


def _finding(contrast: Contrast, results: ByArm, level: float) -> Finding:
    interval = contrast.measure(results)
    if contrast.role == "reported":
        return Finding(contrast=contrast, interval=interval, wider=None, decision="")
    wider = contrast.measure(results, level)
    return Finding(contrast=contrast, interval=interval, wider=wider, decision=contrast.decision(interval, wider))


def _why(findings: Sequence[Finding], results: ByArm) -> str:
    """Why nothing was decided: nothing can, no reader, too few cases, or intervals that are too wide."""
    deciding = [finding for finding in findings if finding.decision]
    if not deciding:
        return "nothing that is run here can decide it"
    outcomes = [outcome for cases in results.values() for outcome in cases.values()]
    fewest = min(finding.interval.cases for finding in deciding)
    if outcomes and not fewest and not any(outcome.read for outcome in outcomes):
        return "no reader"
    return f"too few cases: {fewest}, at least {ENOUGH} are needed" if fewest < ENOUGH else "the interval allows both"
