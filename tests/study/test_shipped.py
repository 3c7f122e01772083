"""The study under examples/ as it is shipped: it can be served at once, and holds its pictures and nothing else."""

import re
import shutil
from collections import Counter

import pytest

from refedit.study.analysis.measured import read_measured
from refedit.study.data.pairs import PICTURES, PairKind, read_built
from refedit.study.running import Study, open_study
from tests.serving import ROOT

SHIPPED = ROOT / "examples" / "study"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("shipped") / "study"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("study.sqlite*"))
    return open_study(folder, {})


def test_it_has_all_its_pairs_and_no_other_pictures(served: Study) -> None:
    definition, built = served.definition, read_built(SHIPPED, served.definition)
    kinds = Counter(pair.kind for pair in built.pairs)
    assert kinds == {PairKind.PAIR: definition.most_pairs, PairKind.CHECK: definition.checks}
    shown = {f"{picture}.png" for pair in built.pairs for picture in pair.pictures}
    assert {file.name for file in (SHIPPED / PICTURES).iterdir()} == shown
    assert set(read_measured(SHIPPED)) == {pair.case for pair in built.pairs if pair.kind is PairKind.PAIR}


def test_its_pictures_are_pixels_and_small(served: Study) -> None:
    sizes = 0
    for file in (SHIPPED / PICTURES).iterdir():
        data = file.read_bytes()
        assert set(re.findall(rb"(?=(tEXt|iTXt|zTXt|eXIf|tIME))", data)) == set()
        sizes += len(data)
    assert sizes < 2_500_000


def test_its_questions_about_a_person_are_as_many_as_the_consent_text_says(served: Study) -> None:
    definition = served.definition
    pairs = definition.trials + definition.checks + definition.repeats
    assert f"{pairs} pairs" in served.consent
