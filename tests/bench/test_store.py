"""Outcomes are run once, kept, and found again; what decides them is part of their key."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import refedit
from refedit.bench.baselines.base import PlainDdim
from refedit.bench.claims.claim import Claim
from refedit.bench.claims.run import Runs
from refedit.bench.experiment import code_fingerprint
from refedit.bench.experiment import workbench as workbench_module
from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import POSE, Place
from refedit.bench.experiment.outcome import Outcome
from refedit.bench.experiment.painting import Painting
from refedit.bench.experiment.store import WHOLE, Share, Store, outcomes
from refedit.bench.experiment.workbench import Workbench, files_checksum, weights_checksum
from refedit.bench.publish import OLDER, PART, PUBLISHED, README, is_current, publish
from refedit.errors import EditError
from refedit.methods import Baret, SpecRef
from refedit.models import builtin_folder
from tests.bench.made_up import outcome

ARM = Arm(name="plain", method=PlainDdim(steps=1))


def run(workbench: Workbench, folder: Path, arms: Sequence[Arm], which: str = "test", count: int = 1) -> list[Outcome]:
    return list(outcomes(workbench, Store(folder), which, POSE, range(count), arms))


def test_an_outcome_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    Store(tmp_path).put("one", outcome(3, wrong=("pose",), leak=0.1))
    assert Store(tmp_path).get("one") == outcome(3, wrong=("pose",), leak=0.1)
    assert Store(tmp_path).get("two") is None


def test_nothing_is_run_twice(workbench: Workbench, tmp_path: Path) -> None:
    first = run(workbench, tmp_path, [ARM])
    again = run(workbench, tmp_path, [replace(ARM, name="the same by another name")], count=2)
    lines = (Store(tmp_path).path).read_text().splitlines()
    assert len(lines) == 2 and [found.number for found in again] == [0, 1]
    assert replace(again[0], method="plain") == first[0]
    assert again[0].method == "the same by another name"


@pytest.mark.parametrize(
    "other",
    [
        replace(ARM, method=PlainDdim(steps=1, guidance=2.0)),
        replace(ARM, method=Baret(steps=1, inner_steps=0)),
        replace(ARM, painting=Painting.WORDS),
        replace(ARM, paste=True),
        replace(ARM, alone=True),
    ],
)
def test_arms_that_differ_do_not_share(other: Arm) -> None:
    assert other.key != ARM.key
    assert replace(other, name="else").key == other.key


def test_places_and_sets_do_not_share(workbench: Workbench, tmp_path: Path) -> None:
    assert replace(ARM, place=Place(offset=0.1)).key != replace(ARM, place=Place(offset=0.2)).key
    run(workbench, tmp_path, [ARM])
    run(workbench, tmp_path, [ARM], which="development")
    assert len(Store(tmp_path)) == 2


def test_other_weights_do_not_share(workbench: Workbench, blind: Workbench) -> None:
    assert workbench.checksum != blind.checksum
    network = torch.nn.Linear(2, 2)
    before = weights_checksum(network)
    with torch.no_grad():
        network.bias[0] += 1e-3
    assert weights_checksum(network) != before


def test_other_code_does_not_share(workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(workbench, tmp_path, [ARM])
    monkeypatch.setattr(workbench_module, "outcome_fingerprint", lambda: "mended")
    run(workbench, tmp_path, [ARM])
    assert len(Store(tmp_path)) == 2


def test_every_file_that_decides_is_there() -> None:
    root = Path(refedit.__file__).parent
    assert all(list(root.glob(pattern)) for pattern in code_fingerprint.FILES)
    assert len(code_fingerprint.outcome_fingerprint()) == 16


SOURCE = """import os
from math import pi

def area(self, *, radius: int = 1) -> str:
    return f'{pi * radius ** 2}!'  # why
"""


def test_a_program_is_told_alike_by_every_python() -> None:
    assert code_fingerprint.fingerprint([SOURCE]) == "4dd61f2f64f1459b"


def test_moving_importing_and_explaining_change_no_fingerprint() -> None:
    before = code_fingerprint.fingerprint([SOURCE, "A = 1\nB = 2\n"])
    assert before == code_fingerprint.fingerprint(["B = 2\n", SOURCE, "A = 1\n"])
    assert before == code_fingerprint.fingerprint(
        [SOURCE.replace("import os\n", "from os import path\n"), "A = 1\nB = 2\n"]
    )
    explained = SOURCE.replace("  # why", "").replace("str:\n", 'str:\n    """Of a circle."""\n')
    assert before == code_fingerprint.fingerprint([explained, 'B = 2\n"""Two."""\nA = 1\n'])


def test_a_changed_line_of_a_method_changes_the_fingerprint() -> None:
    path = Path(refedit.__file__).parent / "methods" / "specref.py"
    source = path.read_text("utf-8")
    changed = source.replace("math.sqrt(1 - self.fresh_noise)", "math.sqrt(2 - self.fresh_noise)")
    assert source != changed and code_fingerprint.fingerprint([source]) != code_fingerprint.fingerprint([changed])
    assert code_fingerprint.fingerprint([source], "values") != code_fingerprint.fingerprint([source], "others")


def test_published_results_are_of_this_code_and_these_weights_or_say_that_they_are_not(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    if not is_current(files_checksum(builtin_folder())):
        said = all(OLDER in path.read_text() for path in (README, PUBLISHED / "report.md"))
        assert said, "prove by `bench recheck` that outcomes are the same, or run the benchmark anew"
        return
    assert all(OLDER not in path.read_text() for path in (README, PUBLISHED / "report.md"))
    readme.write_text(f"<!-- {PART} -->\n<!-- /{PART} -->\n")
    publish(PUBLISHED, files_checksum(builtin_folder()), readme, tmp_path / "measured")
    assert (tmp_path / "measured" / "report.md").read_text() == (PUBLISHED / "report.md").read_text()
    assert readme.read_text().split("\n", 1)[1].rsplit("<!--", 1)[0] in README.read_text()


def test_weights_have_one_checksum_on_every_device(tiny_folder: Path) -> None:
    before = Workbench.load(str(tiny_folder), "cpu")
    assert before.checksum == files_checksum(tiny_folder) == Workbench.load(str(tiny_folder), "cpu").checksum
    assert replace(before, folder=None).checksum != before.checksum


def test_lines_with_other_fields_do_not_count(tmp_path: Path) -> None:
    Store(tmp_path).put("one", outcome(0))
    path = Store(tmp_path).path
    path.write_text(path.read_text().replace('"loss"', '"lost"'))
    assert Store(tmp_path).get("one") is None


def test_costs_wait_for_the_whole_run(workbench: Workbench, tmp_path: Path) -> None:
    alone = Arm(name="alone", method=PlainDdim(steps=1), alone=True)
    claim = Claim(name="S8", statement="", source="", falsifier="", arms={POSE: (ARM, alone)})
    runs = Runs((claim,), 2)
    for place in (1, 2):
        share = Share.parse(f"{place}/2")
        assert [found.method for found in runs.run(workbench, Store(tmp_path, share), "test", share)] == ["plain"]
    assert len(list(runs.run(workbench, Store(tmp_path), "test"))) == 4 and len(Store(tmp_path)) == 4


def test_a_line_that_was_cut_short_is_run_again(workbench: Workbench, tmp_path: Path) -> None:
    first = run(workbench, tmp_path, [ARM], count=2)
    text = (Store(tmp_path).path).read_text()
    (Store(tmp_path).path).write_text(text[: len(text) - 40])
    again = run(workbench, tmp_path, [ARM], count=2)
    assert [found.whole for found in again] == [found.whole for found in first]
    assert len(Store(tmp_path)) == 2
    assert json.loads((Store(tmp_path).path).read_text().splitlines()[-1])["number"] == 1


def test_shares_have_every_case_once_and_know_each_other(workbench: Workbench, tmp_path: Path) -> None:
    shares = [Share.parse(f"{place}/3") for place in (1, 2, 3)]
    assert sorted(number for share in shares for number in share.of_cases(7)) == list(range(7))
    for share in shares[:2]:
        list(outcomes(workbench, Store(tmp_path, share), "test", POSE, share.of_cases(2), [ARM]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outcomes-1-of-3.jsonl", "outcomes-2-of-3.jsonl"]
    assert len(run(workbench, tmp_path, [ARM], count=2)) == 2 and not Store(tmp_path, WHOLE).path.exists()


@pytest.mark.parametrize("wrong", ["", "2", "0/2", "3/2", "1/2/3"])
def test_what_is_no_share_is_refused(wrong: str) -> None:
    with pytest.raises(EditError, match="is no share"):
        Share.parse(wrong)


def test_equal_methods_of_other_classes_do_not_share() -> None:
    assert Arm(name="", method=SpecRef()).key != Arm(name="", method=Baret()).key
