"""A reading is checked where its name is written: a slip would only ever come out as not decided."""

import pytest

from refedit.bench.claims.contrast import Curve, Term
from refedit.bench.experiment.readings import check_reading, reading, readings
from refedit.bench.report.wording import LABELS
from refedit.bench.suites.edits import SHARES
from tests.bench.made_up import outcome

MEASURED = (
    *("chance pose", "right kind", "right colour pattern", "changed right", "identity kept", "look", "pose"),
    *("log loss", "leak", "rows", "seconds", "ssim_inside"),
)
SLIPS = ("", "color", "chance", "chance color", "chance kind pose", "right", "right ", "right color")


@pytest.mark.parametrize("name", MEASURED)
def test_what_is_measured_is_a_reading(name: str) -> None:
    check_reading(name)
    assert isinstance(reading(outcome(3), name), float | bool | None)


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="there is no reading"):
        readings("leak", name)


@pytest.mark.parametrize("name", ["number", "kind", "method", "changed", "read", "truth"])
def test_a_part_of_an_outcome_that_is_no_measure_is_no_reading(name: str) -> None:
    with pytest.raises(ValueError, match="there is no reading"):
        check_reading(name)


def test_contrasts_and_curves_refuse_a_slip_when_they_are_made() -> None:
    with pytest.raises(ValueError, match="chance color"):
        Term(weight=1, arm="", reading="chance color")
    with pytest.raises(ValueError, match="chance color"):
        Curve(title="", x="", y="", reading="chance color", lines={})


def test_what_tables_show_are_readings() -> None:
    assert readings(*LABELS) == tuple(LABELS)
    assert readings(*(name for _, _, _, name, _ in SHARES))
