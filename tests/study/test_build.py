"""The pictures of a study: blind, whole, made once, and checks whose answer is known."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from refedit.bench.baselines.masactrl import MasaCtrl
from refedit.bench.experiment.cases import POSE, REFERENCE, RIGID, case_at
from refedit.bench.experiment.workbench import Workbench
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.errors import EditError
from refedit.machine.cache import Cache
from refedit.methods import METHODS, Input, SpecRef
from refedit.picturebook.world.examples import shipped_examples
from refedit.picturebook.world.true_edits import drawn
from refedit.study.analysis.measured import read_measured, write_measured
from refedit.study.data.definition import BenchArm, Definition, MethodArm, read_definition
from refedit.study.data.pairs import PICTURE_ID, PICTURES, PairKind, read_built, write_built
from refedit.study.pictures.arms import COMPARED, WORDS_ALONE, WORDS_WITHOUT_REFERENCE, method_for
from refedit.study.pictures.build import LONGEST, MADE, StudyBuild, case_key, shown
from refedit.study.pictures.cases import EXAMPLES, of_drawn, slug, study_cases
from tests.conftest import picture
from tests.study.made_up import STUDY

QUICK = {"steps": 2}
ARMS: dict[str, Any] = {
    "ours": {"method": "specref", "preset": "official", "settings": QUICK},
    "words": {"bench": "prompt-to-prompt", "settings": QUICK},
    "masactrl": {"bench": "masactrl", "settings": QUICK},
    "same": {"bench": "source"},
}


@pytest.fixture(scope="module")
def workbench(model: StableDiffusion) -> Workbench:
    return Workbench(model=model, cache=Cache(1 << 30))


def write(folder: Path, **changes: Any) -> Definition:
    plain = {"arms": ARMS, "cases": {"from": "bench", "kind": "reference", "numbers": "3-4"}, "trials": 2, "repeats": 0}
    told = {key: value for key, value in (STUDY | plain | changes).items() if value is not None}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yaml").write_text(yaml.safe_dump(told, sort_keys=False), "utf-8")
    return read_definition(folder)


def build(definition: Definition, folder: Path, workbench: Workbench) -> StudyBuild:
    made = StudyBuild(definition, folder, workbench)
    assert len(list(made.run())) == len(made)
    write_built(made.built(), folder)
    write_measured(made.measured(), folder)
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, workbench: Workbench) -> tuple[Definition, Path]:
    folder = tmp_path_factory.mktemp("study")
    definition = write(folder)
    build(definition, folder, workbench)
    return definition, folder


def pixels(folder: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(folder / PICTURES / f"{name}.png"))


def test_every_arm_meets_every_other_on_every_case(made: tuple[Definition, Path]) -> None:
    definition, folder = made
    pairs = [pair for pair in read_built(folder, definition).pairs if pair.kind is PairKind.PAIR]
    found = {(pair.case, pair.first_arm, pair.second_arm) for pair in pairs}
    assert found == {(f"reference-{n}", *arms) for n in (3, 4) for arms in definition.arm_pairs} and len(pairs) == 12
    case = case_at("test", REFERENCE, 3)
    three = next(pair for pair in pairs if pair.case == "reference-3")
    assert three.prompt == case.prompts[1] and three.reference and three.mask
    assert (pixels(folder, three.source) == np.asarray(drawn(case.source, 64).picture)).all()


def test_no_byte_of_a_picture_names_an_arm(made: tuple[Definition, Path]) -> None:
    definition, folder = made
    words = {*definition.arms, *METHODS, *COMPARED, *(name for kind in METHODS.values() for name in kind.presets())}
    words |= {"prompt", "guidance", "steps", "RefEdit"}
    files = list((folder / PICTURES).iterdir())
    assert files and all(re.fullmatch(rf"{PICTURE_ID.pattern}\.png", file.name) for file in files)
    for file in files:
        data = file.read_bytes()
        assert not [word for word in words if word.lower().encode() in data.lower()]
        chunks = re.findall(rb"(?=(IHDR|IDAT|IEND|tEXt|iTXt|zTXt|eXIf|tIME|pHYs))", data)
        assert {bytes(chunk) for chunk in chunks} == {b"IHDR", b"IDAT", b"IEND"}


def test_results_are_alike_in_all_but_their_pixels(made: tuple[Definition, Path]) -> None:
    definition, folder = made
    for pair in read_built(folder, definition).pairs:
        sizes = {(image.size, image.mode) for name in (pair.first, pair.second) if (image := opened(folder, name))}
        assert sizes == {((64, 64), "RGB")}


def opened(folder: Path, name: str) -> Image.Image:
    return Image.open(folder / PICTURES / f"{name}.png")


def test_the_same_picture_in_another_role_has_another_name(made: tuple[Definition, Path]) -> None:
    definition, folder = made
    built = read_built(folder, definition)
    results = {name for pair in built.pairs for name in (pair.first, pair.second)}
    given = {name for pair in built.pairs for name in (pair.source, pair.reference, pair.mask)}
    assert not results & given
    same = next(pair for pair in built.pairs if pair.second_arm == "same")
    assert (pixels(folder, same.second) == pixels(folder, same.source)).all()


def test_a_check_is_the_true_edit_beside_the_source_of_a_case_that_is_not_compared(
    made: tuple[Definition, Path],
) -> None:
    definition, folder = made
    checks = [pair for pair in read_built(folder, definition).pairs if pair.kind is PairKind.CHECK]
    assert [check.case for check in checks] == ["reference-5", "reference-6"]
    for check, number in zip(checks, (5, 6), strict=True):
        case = case_at("test", REFERENCE, number)
        assert check.expected == "first"
        assert (pixels(folder, check.first) == np.asarray(drawn(case.result, 64).picture)).all()
        assert (pixels(folder, check.second) == np.asarray(drawn(case.source, 64).picture)).all()


def test_a_build_goes_on_where_it_stood(tmp_path: Path, workbench: Workbench) -> None:
    definition = write(tmp_path)
    stopped = StudyBuild(definition, tmp_path, workbench).run()
    before = [next(stopped) for _ in range(3)]
    # As a crash leaves it: half a line, and a picture that is gone.
    kept = (tmp_path / MADE).read_text("utf-8")
    (tmp_path / MADE).write_text(kept + '{"key": "ab', "utf-8")
    (tmp_path / PICTURES / f"{before[2].picture}.png").unlink()
    after = list(StudyBuild(definition, tmp_path, workbench).run())
    assert after[:2] == before[:2] and after[2].picture != before[2].picture
    again = StudyBuild(definition, tmp_path, workbench)
    lines = (tmp_path / MADE).read_text("utf-8")
    assert list(again.run()) == after and (tmp_path / MADE).read_text("utf-8") == lines


def test_a_case_is_known_by_what_arms_get_of_it() -> None:
    case = of_drawn(case_at("test", REFERENCE, 3), 64)
    # The scene behind it holds a set, whose order is another one in every process.
    assert case_key(replace(case, drawn=None)) == case_key(case)
    assert case.reference is not None and case.region is not None
    bare = replace(case.reference, subject=None)
    others = (replace(case, prompt="a cat"), replace(case, region=case.region.grow(1)), replace(case, reference=bare))
    assert len({case_key(other) for other in (case, *others)}) == 4


def test_another_setting_is_made_anew_and_another_question_is_not(tmp_path: Path, workbench: Workbench) -> None:
    few = {"ours": ARMS["ours"], "same": ARMS["same"]}
    first = build(write(tmp_path, arms=few), tmp_path, workbench).built()
    asked = build(write(tmp_path, arms=few, title="Another title"), tmp_path, workbench).built()
    assert asked.pairs == first.pairs and asked.sha256 != first.sha256
    changed = {**few, "ours": {**ARMS["ours"], "settings": {"steps": 3}}}
    other = build(write(tmp_path, arms=changed), tmp_path, workbench).built()
    for before, after in zip(first.pairs, other.pairs, strict=True):
        assert (before.first != after.first) == (before.kind is PairKind.PAIR)
        assert before.second == after.second


def test_what_was_measured_is_by_case_and_arm(made: tuple[Definition, Path]) -> None:
    definition, folder = made
    found = read_measured(folder)
    assert {case: set(arms) for case, arms in found.items()} == {
        f"reference-{number}": set(definition.arms) for number in (3, 4)
    }
    case = case_at("test", REFERENCE, 3)
    source, truth = (np.asarray(drawn(scene, 64).picture, np.float64) / 255 for scene in (case.source, case.result))
    assert found["reference-3"]["same"]["whole"] == pytest.approx(-10 * np.log10(((source - truth) ** 2).mean()))


def save(folder: Path, name: str, seed: int = 1, size: tuple[int, int] = (64, 64)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    picture(seed, size).save(folder / name)


def test_pictures_made_elsewhere_are_arms(tmp_path: Path, workbench: Workbench) -> None:
    arms = {"theirs": {"folder": "theirs"}, "same": {"bench": "source"}}
    definition = write(tmp_path, arms=arms, checks=0)
    with pytest.raises(EditError, match=r"no picture 'reference-3.png'"):
        StudyBuild(definition, tmp_path, workbench)
    save(tmp_path / "theirs", "reference-3.png")
    save(tmp_path / "theirs", "reference-4.jpg", size=(65, 64))
    with pytest.raises(EditError, match="65x64 pixels, its source 64x64"):
        StudyBuild(definition, tmp_path, workbench)
    save(tmp_path / "theirs", "reference-4.jpg")
    built = build(definition, tmp_path, workbench).built()
    assert (pixels(tmp_path, built.pairs[0].first) == np.asarray(picture(1))).all()


def own_cases(folder: Path, **changes: Any) -> None:
    plain = {"title": "My Cup!", "prompt": "a dog", "source": "s.png", "truth": "t.png"}
    save(folder / "cases", "s.png", 1)
    save(folder / "cases", "t.png", 2)
    rows = [plain | changes, {**plain, "title": "Another"}]
    (folder / "cases" / "cases.json").write_text(json.dumps(rows), "utf-8")


def test_own_pictures_are_cases(tmp_path: Path, workbench: Workbench) -> None:
    own_cases(tmp_path)
    arms = {"baret": {"method": "baret", "settings": {"steps": 2}}, "same": {"bench": "source"}}
    definition = write(tmp_path, arms=arms, cases={"from": "folder"}, trials=2, checks=1)
    built = build(definition, tmp_path, workbench).built()
    assert [pair.case for pair in built.pairs] == ["my-cup", "another", "my-cup"]
    assert built.pairs[0].reference is None and built.pairs[0].mask is None
    assert read_measured(tmp_path) == {}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mask": "m.png"}, "unknown entry 'mask'"),
        ({"prompt": 3}, "'prompt' is 3, but has to be str"),
        ({"source": "none.png"}, "'My Cup!': There is no file"),
        ({"prompt": ""}, "the case 'my-cup'"),
        ({"truth": "small.png"}, "'My Cup!': Its truth"),
        ({"title": "Another"}, "Two cases are called 'another'"),
        ({"check": True}, None),
    ],
)
def test_a_wrong_table_of_cases_is_one_sentence(
    changes: dict[str, Any], says: str | None, tmp_path: Path, workbench: Workbench
) -> None:
    own_cases(tmp_path, **changes)
    picture(1).resize((32, 32)).save(tmp_path / "cases" / "small.png")
    arms = {"one": {"bench": "source"}, "two": {"method": "baret", "settings": {"steps": 2}}}
    definition = write(tmp_path, arms=arms, cases={"from": "folder"}, trials=1, checks=1)
    if says is None:
        (pair, check) = build(definition, tmp_path, workbench).built().pairs
        assert (pair.case, check.case) == ("another", "my-cup")
    else:
        with pytest.raises(EditError, match=says):
            StudyBuild(definition, tmp_path, workbench)


def test_titles_of_any_script_name_different_cases() -> None:
    titles = ("My Cup!", "Übung 2", "Мой мяч", "我的杯子", "U\u0308bung 2")
    assert [slug(title) for title in titles] == ["my-cup", "übung-2", "мой-мяч", "我的杯子", "übung-2"]


def test_examples_are_cases_for_the_arms_that_can_edit_them(tmp_path: Path) -> None:
    definition = write(tmp_path, cases={"from": "examples"})
    rows = json.loads((EXAMPLES / "examples.json").read_text("utf-8"))
    chosen = study_cases(definition, tmp_path, 64, [SpecRef()])
    assert [case.name for case in chosen] == [slug(row["title"]) for row in rows if row["method"] == "specref"]
    assert all(case.reference is not None for case in chosen)
    drawn = {example.title for example in shipped_examples()}
    assert [case.truth is not None for case in chosen] == [
        row["title"] in drawn for row in rows if row["method"] == "specref"
    ]
    some = write(tmp_path, cases={"from": "examples", "titles": ["Jump"]})
    assert [case.name for case in study_cases(some, tmp_path, 64, [SpecRef()])] == ["jump"]
    with pytest.raises(EditError, match="no example 'Fly'"):
        study_cases(write(tmp_path, cases={"from": "examples", "titles": ["Fly"]}), tmp_path, 64, [])


def test_the_reason_why_an_arm_cannot_edit_comes_before_any_work(tmp_path: Path, workbench: Workbench) -> None:
    pose = {"from": "bench", "kind": "pose", "numbers": "0"}
    with pytest.raises(EditError, match="needs a reference"):
        StudyBuild(write(tmp_path, cases=pose, trials=1), tmp_path, workbench)
    live = {name: {"method": "baret"} for name in ("one", "two")}
    with pytest.raises(EditError, match="nothing to build"):
        StudyBuild(write(tmp_path, kind="live", arms=live, cases=None, checks=0), tmp_path, workbench)
    assert not (tmp_path / MADE).exists()


def test_words_alone_are_those_of_the_benchmark() -> None:
    arm = BenchArm(bench="prompt-to-prompt")
    assert method_for(arm, with_references=True) == WORDS_WITHOUT_REFERENCE
    assert method_for(arm, with_references=False) == WORDS_ALONE
    assert Input.REFERENCE not in WORDS_ALONE.needs
    changed = method_for(BenchArm(bench="masactrl", settings={"guidance": 3}), with_references=True)
    assert changed == MasaCtrl(guidance=3)
    preset = method_for(MethodArm(method="specref", preset="official"), with_references=True)
    assert preset == SpecRef.presets()["official"]


@pytest.mark.parametrize(
    ("settings", "says"), [({"speed": 1}, "MasaCtrl has no parameter 'speed'"), ({"steps": "few"}, "has to be int")]
)
def test_a_wrong_setting_of_a_comparison_method_is_one_sentence(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(EditError, match=says):
        method_for(BenchArm(bench="masactrl", settings=settings), with_references=False)


def test_a_case_without_a_painted_region_has_no_mask() -> None:
    assert of_drawn(case_at("test", RIGID, 1), 64).region is None  # another background
    assert of_drawn(case_at("test", POSE, 0), 64).region is not None


def test_large_pictures_are_shown_smaller_and_others_as_they_are() -> None:
    large, small = picture(1, (2048, 512)), picture(1, (64, 48))
    small.info["parameters"] = "method: specref"
    assert shown(large).size == (LONGEST, LONGEST // 4)
    assert (np.asarray(shown(small)) == np.asarray(small)).all() and shown(small).info == {}
