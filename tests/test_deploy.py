"""Deploying a Space, with the real client of the hub, against a hub of our own."""

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
    assert (served.created["sdk"], served.hardware) == ("gradio", "zero-a10g")
    assert served.variables == {"REFEDIT_MODEL": "auto"} and served.secrets == {"ANSWER": "forty-two"}
    told = capsys.readouterr().out
    assert f"/spaces/{NAME}" in told and "/edit" in told and "forty-two" not in told and "hf_ours" not in told


def test_the_front_matter_knows_the_address_and_the_hardware(served: Hub, checkout: Path) -> None:
    space(checkout, "--deploy", NAME, "--hardware", "cpu-basic")
    head = yaml.safe_load(served.files["README.md"].decode().split("---\n")[1])
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
    wanted = planned(read_spacefile(SPACEFILE), checkout, name=NAME, secrets=["ANSWER"])
    assert all(str(call) in told for call in hub.calls(wanted))
    assert [call.name for call in hub.calls(wanted)] == ["create_repo", "create_commit"]


def test_a_study_is_sent_without_answers(served: Hub, checkout: Path, tmp_path: Path) -> None:
    study = tmp_path / "mine"
    for name in ("study.yaml", "built/pictures/a.png", "study.sqlite", "study.sqlite-wal", ".cache/x", "old.db"):
        (study / name).parent.mkdir(parents=True, exist_ok=True)
        (study / name).write_text(name)
    (study / "link.png").symlink_to(checkout / ".env")
    space(checkout, "--deploy", NAME, "--study", str(study))
    assert {name for name in served.files if name.startswith("study/")} == {
        "study/study.yaml",
        "study/built/pictures/a.png",
    }
    assert served.variables["REFEDIT_STUDY"] == "study"


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


def nothing(root: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "arguments", "says"),
    [
        (nothing, ["--deploy", "refedit"], "Give OWNER/NAME"),
        (nothing, ["--deploy", NAME, "--variable", "REFEDIT_MODELL=x"], "sets no variable"),
        (nothing, ["--deploy", NAME, "--variable", "REFEDIT_STUDY_ADMIN=x"], "is a secret.* Send it by --secret"),
        (nothing, ["--deploy", NAME, "--secret", "NOT_SET_ANYWHERE"], "The secret NOT_SET_ANYWHERE is not set"),
        (nothing, ["--deploy", NAME, "--study", "nowhere"], "There is no study.yaml"),
        (untracked, ["--deploy", NAME], "'app.py' is not tracked"),
        (gone, ["--deploy", NAME], "refedit/__init__.py', but it is no file"),
        (not_written, ["--deploy", NAME], "space --write"),
        (no_git, ["--deploy", NAME], "git checkout"),
    ],
)
def test_what_would_go_wrong_is_said_before_anything_is_sent(
    before: Any, arguments: list[str], says: str, served: Hub, checkout: Path
) -> None:
    before(checkout)
    with pytest.raises(EditError, match=says):
        space(checkout, *arguments)
    assert served.log == []
