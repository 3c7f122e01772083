"""The Spacefile against what it speaks of: README, requirements, the code's variables, the files of the checkout."""

import ast
import re
import subprocess
from argparse import ArgumentParser
from pathlib import Path

import pytest
import yaml
from huggingface_hub import metadata_load
from packaging.requirements import Requirement

from refedit.errors import EditError
from refedit.hosting.commands import add_commands, run
from refedit.hosting.space import ROOT, Spacefile, front_matter, read_spacefile, with_front_matter
from refedit.models import CARDS, ON_A_GPU
from refedit.ui.settings import Settings

ZERO_GPU_PYTHON = {"3.10.13", "3.12.12"}
ZERO_GPU_TORCH = {"2.8.0", "2.9.1", "2.10.0", "2.11.0"}
LARGEST_FILE = 10 * 2**20
"""A plain git push to a Space refuses larger ones."""

TEXT = (ROOT / "Spacefile").read_text("utf-8")


@pytest.fixture
def space() -> Spacefile:
    return read_spacefile(TEXT)


def requirement(name: str) -> Requirement:
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()]
    return next(found for line in lines if line and (found := Requirement(line)).name == name)


def read_by_code() -> set[str]:
    """The names of environment variables that stand in the code as texts of their own."""
    trees = [ast.parse(path.read_text("utf-8")) for path in [ROOT / "app.py", *(ROOT / "refedit").rglob("*.py")]]
    texts = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {text for text in texts if isinstance(text, str) and re.fullmatch("REFEDIT_[A-Z_]+", text)}


def test_readme_opens_with_the_front_matter_of_the_spacefile(space: Spacefile) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert with_front_matter(readme, space) == readme, "run: python -m refedit space --write"


def test_hugging_face_reads_the_same_from_it(space: Spacefile) -> None:
    read = metadata_load(ROOT / "README.md")
    assert read is not None and read == yaml.safe_load(front_matter(space).strip("-\n"))
    assert (read["sdk_version"], read["python_version"]) == (space.sdk_version, space.python_version)


def test_versions_are_those_of_requirements_and_zero_gpu(space: Spacefile) -> None:
    assert space.sdk == "gradio"
    assert space.sdk_version in requirement("gradio").specifier
    assert space.python_version in ZERO_GPU_PYTHON
    assert all(version in requirement("torch").specifier for version in ZERO_GPU_TORCH)


def test_zero_gpu_comes_with_the_package_that_asks_for_it(space: Spacefile) -> None:
    assert space.hardware == "zero-a10g" and requirement("spaces")


def test_the_app_and_its_thumbnail_are_there(space: Spacefile) -> None:
    assert (ROOT / space.app_file).is_file() and (ROOT / space.thumbnail).is_file()


def test_models_are_among_those_that_the_app_offers(space: Spacefile) -> None:
    assert set(space.models) <= {card.name for card in CARDS}


def test_all_that_a_model_is_loaded_from_is_fetched_while_the_space_is_built(
    space: Spacefile, tiny_folder: Path
) -> None:
    (item,) = space.preload
    assert item.repo == ON_A_GPU
    read = {path.relative_to(tiny_folder).as_posix() for path in tiny_folder.rglob("*") if path.is_file()}
    read = {name for name in read if "tokenizer" not in name and "/" in name} | {"model_index.json"}
    assert read <= set(item.files)


def test_variables_are_those_of_the_code_and_of_readme(space: Spacefile) -> None:
    listed = {variable.name: variable.default for variable in space.variables}
    rows = re.findall(
        r"^\| `(REFEDIT_\w+)` \| `([^`]*)` \|", (ROOT / "refedit/ui/README.md").read_text("utf-8"), re.MULTILINE
    )
    secrets = {secret.name for secret in space.secrets}
    assert listed.keys() - secrets == read_by_code() - secrets
    assert listed == dict(rows)


def test_defaults_are_those_of_the_settings(space: Spacefile) -> None:
    values = {variable.name: variable.default for variable in space.variables}
    values["REFEDIT_EXAMPLES"] = str(ROOT / values["REFEDIT_EXAMPLES"])
    assert Settings.from_environment(values) == Settings.from_environment({})


def test_no_file_is_too_large_for_a_push() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    assert [path for path in paths if path.is_file() and path.stat().st_size > LARGEST_FILE] == []


def test_the_models_weights_are_light() -> None:
    files = [path for path in (ROOT / "refedit/picturebook/weights").rglob("*") if path.is_file()]
    assert 10_000_000 < sum(path.stat().st_size for path in files) < 40_000_000


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("title: RefEdit", "title: RefEdit\nsecret: []", "has an unknown key 'secret'"),
        ("storage: []", "storage: [{kind: disk, source: a/b, folder: /d}]", "'kind' is 'disk', but has to be"),
        ("storage: []", "storage: [{kind: bucket, source: a/b, folder: d}]", "has to begin with /"),
        ("title: RefEdit\n", "", "lacks the key 'title'"),
        ("v: 1", "v: 2", "version 2"),
        ("v: 1", "v: true", "'v' is True, but has to be a whole number"),
        ('"3.12.12"', "3.12", "'python_version' is 3.12, but has to be a text"),
        ("tags: [", "tags: [1, ", "'tags' is 1, but has to be a text"),
        ("[indigo, pink]", "indigo", "'colours' is 'indigo', but has to be a list"),
        ("[indigo, pink]", "[indigo, beige]", "'colours' have to be two of blue"),
        ("sdk: gradio", "sdk: docker", "'sdk' is 'docker', but has to be"),
        ("sdk_version: 6.31.0", "sdk_version: latest", "'sdk_version' is 'latest', but has to be a version"),
        ("startup_timeout: 30m", "startup_timeout: 30", "'startup_timeout' is 30, but has to be a text"),
        ("startup_timeout: 30m", "startup_timeout: soon", "'startup_timeout' is 'soon', but has to be a time"),
        ("title: RefEdit", "title: ''", "'title' is '', but has to be a text"),
        ("tags:", "models: [sd15]\ntags:", "says 'models' twice"),
        ("- stable-diffusion-v1-5/stable-diffusion-v1-5\n", "- sd15\n", "'models' is 'sd15', but has to be OWNER/NAME"),
        ("- model_index.json", "- a b.json", "line 25: 'files' has to name files"),
        ("storage: []", "storage: [{kind: bucket, source: k, folder: /d}]", "'source' is 'k', but has to be OWNER"),
        ("name: REFEDIT_PORT", "name: REFEDIT_HOST", "'variables' has the name REFEDIT_HOST for a second time"),
        ("name: REFEDIT_STUDY_ADMIN", "name: REFEDIT_HOST", "'secrets' has the name REFEDIT_HOST for a second time"),
        ("name: REFEDIT_PORT", "nam: REFEDIT_PORT", "'variables' has an unknown key 'nam'"),
        ("v: 1", "v: [", "not YAML"),
        (TEXT, "RefEdit", "has to be a mapping"),
    ],
)
def test_what_is_wrong_is_named(before: str, after: str, says: str) -> None:
    assert before in TEXT
    with pytest.raises(EditError, match=re.escape(says)):
        read_spacefile(TEXT.replace(before, after))


def test_a_readme_keeps_its_words(space: Spacefile) -> None:
    bare = "# Title\n\n---\n\nwords\n"
    made = with_front_matter(bare, space)
    assert made == front_matter(space) + bare
    assert with_front_matter(made.replace("RefEdit", "Other"), space) == made
    with pytest.raises(EditError, match="does not close"):
        with_front_matter("---\ntitle: RefEdit\n", space)


def test_the_command_checks_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    add_commands(parser.add_subparsers())
    check, write = (parser.parse_args(["space", flag]) for flag in ("--check", "--write"))
    with pytest.raises(EditError, match="no Spacefile in .* Run this in a checkout"):
        check.run(check, root=tmp_path)
    (tmp_path / "Spacefile").write_text(TEXT, "utf-8")
    (tmp_path / "README.md").write_text("# RefEdit\n", "utf-8")
    with pytest.raises(EditError, match="space --write"):
        check.run(check, root=tmp_path)
    write.run(write, root=tmp_path)
    run(check, root=tmp_path)
    assert (
        capsys.readouterr().out
        == "README.md: front matter written.\nREADME.md: front matter is that of the Spacefile.\n"
    )
