"""Deploying a Space, with the real client of the hub, against a hub of our own."""

import shutil
import subprocess
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from refedit.errors import EditError
from refedit.hosting import commands, hub
from refedit.hosting.deployment import planned
from refedit.hosting.space import ROOT, read_spacefile, with_front_matter
from refedit.study.running import open_study
from tests.fake_hub import Hub, hub_served

SPACEFILE = (ROOT / "Spacefile").read_text("utf-8")
TRACKED = {"Spacefile", "README.md", "app.py", "requirements.txt", "examples/screenshot.png", "refedit/__init__.py"}
NAME = "somebody/refedit"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_served() as served:
        for module in ("huggingface_hub.constants.ENDPOINT", "huggingface_hub.hf_api.ENDPOINT"):
            monkeypatch.setattr(module, served.address, raising=False)
        monkeypatch.setenv("HF_TOKEN", "hf_ours")
        monkeypatch.setattr(hub, "LOOK", 0.01)
        yield served


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of a few files, with rubbish beside them that git ignores or does not know."""
    root = tmp_path / "checkout"
    for name in TRACKED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{name}\n", "utf-8")
    (root / "Spacefile").write_text(SPACEFILE, "utf-8")
    (root / "README.md").write_text(with_front_matter("# RefEdit\n", read_spacefile(SPACEFILE)), "utf-8")
    (root / ".gitattributes").write_text("*.safetensors binary\n", "utf-8")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=root, check=True)
    for name in (".venv/lib/big.so", "refedit/__pycache__/a.pyc", "notes.txt", ".env", "secret.pem"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"rubbish")
    return root


def space(root: Path, *arguments: str) -> None:
    parser = ArgumentParser()
    commands.add_commands(parser.add_subparsers())
    commands.run(parser.parse_args(["space", *arguments]), root)


def test_a_new_space_gets_tracked_files_settings_and_hardware(
    served: Hub, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANSWER", "forty-two")
    served.plan = False
    space(checkout, "--deploy", NAME, "--secret", "ANSWER")
    assert set(served.files) == TRACKED | {".gitattributes"}
    assert served.files["app.py"] == b"app.py\n"
    assert served.files[".gitattributes"] == b"", "it is the hub's own"
    assert (served.created["sdk"], served.hardware) == ("gradio", "zero-a10g")
    assert served.variables == {"REFEDIT_MODEL": "auto"} and served.secrets == {"ANSWER": "forty-two"}
    told = capsys.readouterr().out
    assert f"/spaces/{NAME}" in told and "/edit" in told and "forty-two" not in told and "hf_ours" not in told


def front(served: Hub) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(served.files["README.md"].decode().split("---\n")[1])
    return read


def test_the_front_matter_knows_the_address_and_the_hardware(served: Hub, checkout: Path) -> None:
    space(checkout, "--deploy", NAME, "--hardware", "cpu-basic")
    head = front(served)
    assert head["thumbnail"].endswith(f"/spaces/{NAME}/resolve/main/examples/screenshot.png")
    assert head["suggested_hardware"] == "cpu-basic" and "preload_from_hub" not in head
    assert served.files["README.md"].endswith(b"# RefEdit\n")


def test_a_space_that_exists_is_brought_up_to_date(served: Hub, checkout: Path) -> None:
    space(checkout, "--deploy", NAME)
    served.files |= {"old.py": b"", "study/study.yaml": b""}
    (checkout / "app.py").write_text("new\n")
    space(checkout, "--deploy", NAME, "--hardware", "t4-small", "--variable", "REFEDIT_MODEL=picturebook")
    assert set(served.files) == TRACKED | {".gitattributes"} and served.files["app.py"] == b"new\n"
    assert (served.variables["REFEDIT_MODEL"], served.hardware) == ("picturebook", "t4-small")


@pytest.mark.parametrize(("model", "fetched"), [("auto", True), ("picturebook", False), ("mine/model", False)])
def test_a_model_is_fetched_at_build_only_if_it_is_the_one_to_run(
    model: str, fetched: bool, served: Hub, checkout: Path
) -> None:
    space(checkout, "--deploy", NAME, "--variable", f"REFEDIT_MODEL={model}")
    assert ("preload_from_hub" in front(served)) is fetched


def test_what_is_right_already_is_not_set_again(served: Hub, checkout: Path) -> None:
    space(checkout, "--deploy", NAME)
    served.log.clear()
    space(checkout, "--deploy", NAME)
    parts = {line.rpartition("/")[2] for line in served.log if not line.startswith("GET")}
    assert "main" in parts and not parts & {"variables", "secrets", "volumes", "hardware", "restart"}


def test_a_variable_that_is_set_to_nothing_goes(served: Hub, checkout: Path) -> None:
    space(checkout, "--deploy", NAME, "--variable", "REFEDIT_KEEP_MINUTES=5")
    served.variables["OF_ITS_OWNER"] = "stays"
    space(checkout, "--deploy", NAME, "--variable", "REFEDIT_KEEP_MINUTES=")
    assert served.variables == {"REFEDIT_MODEL": "auto", "OF_ITS_OWNER": "stays"}


def test_another_app_is_not_overwritten(served: Hub, checkout: Path) -> None:
    space(checkout, "--deploy", NAME)
    del served.files["Spacefile"]
    before = dict(served.files)
    with pytest.raises(EditError, match="holds another app"):
        space(checkout, "--deploy", NAME)
    assert served.files == before


def test_a_space_that_sleeps_is_woken(served: Hub, checkout: Path) -> None:
    space(checkout, "--deploy", NAME)
    served.stages, served.looks = ["PAUSED", "PAUSED", "RUNNING", "RUNNING"], 0
    space(checkout, "--deploy", NAME)
    assert any("restart" in line for line in served.log)


def test_a_space_that_stays_at_an_earlier_commit_is_not_waited_for_without_end(
    served: Hub, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "PATIENCE", 0.1)
    served.stages = ["RUNNING"]
    with pytest.raises(EditError, match="does not run what was sent"):
        space(checkout, "--deploy", NAME)


def test_it_is_waited_for_the_commit_that_was_sent(served: Hub, checkout: Path) -> None:
    space(checkout, "--deploy", NAME)
    assert served.looks == len(served.stages)


@pytest.mark.parametrize("stage", ["BUILD_ERROR", "RUNTIME_ERROR", "PAUSED"])
def test_a_space_that_does_not_come_up_is_an_error(stage: str, served: Hub, checkout: Path) -> None:
    served.stages = ["BUILDING", stage]
    with pytest.raises(EditError, match=f"{stage}.* hf spaces logs {NAME}"):
        space(checkout, "--deploy", NAME)


def test_hardware_that_has_to_be_paid_for_is_said(served: Hub, checkout: Path) -> None:
    served.plan = False
    with pytest.raises(EditError, match="paid plan.* two Gradio Spaces, on zero-a10g"):
        space(checkout, "--deploy", NAME, "--hardware", "cpu-basic")
    assert not served.files


def test_a_hub_that_cannot_be_reached_is_one_sentence(
    served: Hub, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("huggingface_hub.constants.ENDPOINT", "huggingface_hub.hf_api.ENDPOINT"):
        monkeypatch.setattr(module, "http://127.0.0.1:9", raising=False)
    with pytest.raises(EditError, match="can't be reached"):
        space(checkout, "--deploy", NAME)


def test_a_rehearsal_asks_nobody_and_tells_every_call(
    served: Hub, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANSWER", "forty-two")
    space(checkout, "--deploy", NAME, "--secret", "ANSWER", "--dry-run")
    told = capsys.readouterr().out
    assert served.log == [] and "forty-two" not in told and ".venv" not in told
    assert "You are not logged in" not in told
    wanted = planned(read_spacefile(SPACEFILE), checkout, name=NAME, secrets=["ANSWER"])
    assert all(str(call) in told for call in hub.calls(wanted))
    assert [call.name for call in hub.calls(wanted)] == ["create_repo", "create_commit"]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study that is built, with what serving, rehearsing and exporting leave beside it."""
    study = shutil.copytree(ROOT / "examples" / "study", tmp_path / "mine")
    left = ("study.sqlite", "study.sqlite-wal", "export/answers.csv", "simulated/study.sqlite", ".cache/x", "a.db")
    for name in left:
        (study / name).parent.mkdir(parents=True, exist_ok=True)
        (study / name).write_text(name)
    (study / "link.png").symlink_to(study / "study.sqlite")
    return study


def test_of_a_study_goes_what_serves_it_and_nothing_else(
    served: Hub, checkout: Path, study: Path, tmp_path: Path
) -> None:
    space(checkout, "--deploy", NAME, "--study", str(study))
    assert served.variables["REFEDIT_STUDY"] == "study"
    sent = {name: data for name, data in served.files.items() if name.startswith("study/")}
    assert {name.split("/")[1] for name in sent} == {"study.yaml", "consent.md", "built"}
    for name, data in sent.items():
        (tmp_path / "space" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "space" / name).write_bytes(data)
    open_study(tmp_path / "space" / "study", {}).close()


def test_a_study_goes_with_its_variable(served: Hub, checkout: Path, study: Path) -> None:
    space(checkout, "--deploy", NAME, "--study", str(study))
    space(checkout, "--deploy", NAME)
    assert "REFEDIT_STUDY" not in served.variables
    assert not [name for name in served.files if name.startswith("study/")]


def test_what_a_study_lacks_is_told_and_what_would_not_start_is_refused(
    checkout: Path, study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--deploy", NAME, "--study", str(study), "--dry-run"]
    file = study / "study.yaml"
    file.write_text(file.read_text("utf-8") + "recruit: {prolific: {completed: STUDY_DONE}}\n", "utf-8")
    space(checkout, *asked)
    assert "STUDY_DONE" in capsys.readouterr().out
    file.write_text(file.read_text("utf-8").replace("title: ", "title: Other "), "utf-8")
    with pytest.raises(EditError, match="after the pictures were built"):
        space(checkout, *asked)


def test_storage_is_mounted(served: Hub, checkout: Path) -> None:
    item = "storage:\n  - {kind: bucket, source: somebody/kept, folder: /data}"
    text = SPACEFILE.replace(next(line for line in SPACEFILE.splitlines() if line.startswith("storage:")), item)
    (checkout / "Spacefile").write_text(text)
    for _ in ("new", "again"):
        space(checkout, "--deploy", NAME)
        volume = {"type": "bucket", "source": "somebody/kept", "mountPath": "/data", "readOnly": False}
        assert served.volumes == [volume]
        served.volumes = []


def untracked(root: Path) -> None:
    subprocess.run(["git", "rm", "-q", "--cached", "app.py"], cwd=root, check=True)


def gone(root: Path) -> None:
    (root / "refedit/__init__.py").unlink()


def not_written(root: Path) -> None:
    (root / "README.md").write_text("# RefEdit\n")


def no_git(root: Path) -> None:
    (root / ".git").rename(root / "was.git")


def not_utf_8(root: Path) -> None:
    (root / "Spacefile").write_bytes(SPACEFILE.encode("utf-16"))


def nothing(root: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "arguments", "says"),
    [
        (nothing, ["--deploy", "refedit"], "Give OWNER/NAME"),
        (nothing, ["--deploy", NAME, "--variable", "REFEDIT_MODELL=x"], "sets no variable"),
        (nothing, ["--deploy", NAME, "--variable", "REFEDIT_STUDY_ADMIN=x"], "is a secret.* Send it by --secret"),
        (nothing, ["--deploy", NAME, "--secret", "NOT_SET_ANYWHERE"], "The secret NOT_SET_ANYWHERE is not set"),
        (nothing, ["--deploy", NAME, "--secret", "REFEDIT_MODEL"], "is no secret.* --variable REFEDIT_MODEL"),
        (nothing, ["--deploy", NAME, "--hardware", "zero-a100"], "no hardware 'zero-a100'. Choose one of .*zero-a10g"),
        (nothing, ["--deploy", "some--body/refedit"], "can be no Space"),
        (nothing, ["--deploy", NAME, "--study", "nowhere"], "There is no study.yaml"),
        (untracked, ["--deploy", NAME], "'app.py' is not tracked"),
        (gone, ["--deploy", NAME], "refedit/__init__.py', but it is no file"),
        (not_written, ["--deploy", NAME], "space --write"),
        (not_utf_8, ["--deploy", NAME], "Spacefile is not UTF-8"),
        (no_git, ["--deploy", NAME], "in a git clone.* not a git repository"),
    ],
)
def test_what_would_go_wrong_is_said_before_anything_is_sent(
    before: Any, arguments: list[str], says: str, served: Hub, checkout: Path
) -> None:
    before(checkout)
    for more in ([], ["--dry-run"]):
        with pytest.raises(EditError, match=says):
            space(checkout, *arguments, *more)
    assert served.log == []
