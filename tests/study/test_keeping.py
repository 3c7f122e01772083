"""What is kept, for how long, and where it goes: withdrawal, the bucket, changed definitions, blindness."""

import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from refedit.errors import EditError
from refedit.methods import METHODS
from refedit.study.data import records, store
from refedit.study.data.export import TABLES, table_csv
from refedit.study.data.pairs import PAIRS, read_built
from refedit.study.data.said import Answer, Choice, Event, EventKind, Full, LiveEdit, Source
from refedit.study.data.store import Store
from refedit.study.data.tables import FILE, connect
from refedit.study.routes import SCRIPTED, study_app
from refedit.study.running import PROLIFIC, Study, open_study
from tests.study.conftest import SECRETS
from tests.study.made_up import write_study
from tests.study.server import vote
from tests.study.visitor import Visitor, table

PROLIFIC_WAYS = {"prolific": {"completed": "STUDY_DONE", "refused": "STUDY_NO", "screened": "STUDY_OUT"}}


class Cloud:
    """A bucket in memory, which can be out of reach."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.away = False

    def names(self, prefix: str) -> Sequence[str]:
        self._reach()
        return [name for name in self.files if name.startswith(prefix)]

    def read(self, names: Sequence[str]) -> Mapping[str, bytes]:
        self._reach()
        return {name: self.files[name] for name in names}

    def change(self, add: Sequence[tuple[bytes, str]] = (), delete: Sequence[str] = ()) -> None:
        self._reach()
        self.files.update({name: content for content, name in add})
        for name in delete:
            del self.files[name]

    def _reach(self) -> None:
        if self.away:
            raise OSError("The bucket cannot be reached.")


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def copied(folder: Path, study: Study) -> Path:
    """The study as a new machine has it: without what people said."""
    files = [*study.folder.rglob("*")]
    folder.mkdir()
    for file in files:
        if file.is_file() and not file.name.startswith(FILE):
            (folder / file.relative_to(study.folder)).parent.mkdir(parents=True, exist_ok=True)
            (folder / file.relative_to(study.folder)).write_bytes(file.read_bytes())
    return folder


def test_whoever_withdraws_is_in_no_table_and_no_file(opened: Any, cloud: Cloud, tmp_path: Path) -> None:
    study = opened(cloud=cloud)
    leaving, staying = Visitor(study, "them"), Visitor(study)
    for visitor in (leaving, staying):
        visitor.answer_all()
        assert visitor.ask("finish", {}).status_code == 200
    [person, other] = [row["person"] for row in table(study, "people")]
    assert leaving.ask("withdraw", {}).json() == {"withdrawn": True}
    assert leaving.ask("session").status_code == leaving.ask("withdraw", {}).status_code == 404
    everything = "".join(table_csv(name, study.store.connection()) for name in TABLES)
    assert person not in everything and other in everything
    assert not any(person in name or person.encode() in content for name, content in cloud.files.items())
    study.close()
    assert all(person.encode() not in file.read_bytes() for file in tmp_path.glob(f"{FILE}*"))
    again = opened(copied(tmp_path / "again", study), cloud)
    assert [row["person"] for row in table(again, "people")] == [other]
    assert records.tallies(again.store.connection())["withdrawn"] == 1


def test_what_a_reader_held_on_to_is_gone_after_the_next_write(opened: Any, tmp_path: Path) -> None:
    study = opened()
    visitor, secret = Visitor(study), b"said by somebody who withdraws"
    study.store.note(visitor.token, Event(uuid="event-of-one", kind=EventKind.FAIL, detail=secret.decode()))

    def held() -> bool:
        return any(secret in file.read_bytes() for file in tmp_path.glob(f"{FILE}*"))

    reader = connect(tmp_path / FILE)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM event").fetchall()
    visitor.ask("withdraw", {})
    assert held()
    reader.close()
    Visitor(study)
    assert not held()


def test_a_withdrawal_reaches_a_bucket_that_was_away(opened: Any, cloud: Cloud, tmp_path: Path) -> None:
    study = opened(cloud=cloud)
    visitor = Visitor(study)
    visitor.answer_all()
    assert study.shipper is not None
    study.shipper.ship()
    cloud.away = True
    assert visitor.ask("withdraw", {}).status_code == 202 and study.shipper.waiting() == 1
    cloud.away = False
    opened(tmp_path, cloud).close()
    assert table(study, "people") == [] and not any("/answers/" in name for name in cloud.files)


def test_a_new_machine_goes_on_from_the_bucket(opened: Any, cloud: Cloud, tmp_path: Path) -> None:
    study = opened(cloud=cloud)
    visitors = [Visitor(study, "one", "prolific"), Visitor(study)]
    visitors[0].answer_all()
    visitors[0].ask("answer", vote(3, "none", change=True))
    visitors[0].ask("event", {"uuid": "event-12", "kind": "reload", "position": 3, "detail": ""})
    assert visitors[0].ask("finish", {}).status_code == 200
    visitors[1].ask("answer", vote(0, "right"))
    study.close()  # which ships what is left
    again = opened(copied(tmp_path / "again", study), cloud)
    for name in TABLES:
        assert table(again, name) == table(study, name)
    moved = Visitor(again, "one", "prolific")
    assert moved.ask("session").json()["finished"] and moved.ask("session", token=visitors[0].token).status_code == 410
    going_on = moved.ask("session", token=visitors[1].token).json()["trials"]
    assert [trial["answered"] for trial in going_on] == [True] + [False] * 23
    assert moved.ask("answer", vote(0, "left"), visitors[1].token).status_code == 409


def test_the_way_out_opens_only_when_all_is_in_the_bucket(opened: Any, cloud: Cloud) -> None:
    study = opened(cloud=cloud, recruit=PROLIFIC_WAYS)
    visitor = Visitor(study, "them", "prolific")
    visitor.answer_all()
    cloud.away = True
    waiting = visitor.ask("finish", {})
    assert (waiting.status_code, "link" in waiting.json()) == (202, False)
    cloud.away = False
    assert visitor.ask("finish", {}).json()["link"] == f"{PROLIFIC}CODE-D"
    shipped = b"".join(cloud.files.values()).decode()
    assert shipped.count('"what": "answer"') == 24 and study.shipper is not None and study.shipper.waiting() == 0


def test_every_way_out_has_its_code(opened: Any, tmp_path: Path) -> None:
    study = opened(recruit=PROLIFIC_WAYS, people=1)
    first, late = Visitor(study, "1", "prolific"), Visitor(study, "2", "prolific")
    assert first.http.post("/api/leave", json={"why": "refused"}).json() == {"link": f"{PROLIFIC}CODE-N"}
    for visitor in (first, late):  # who has begun may end
        visitor.answer_all()
        assert visitor.ask("finish", {}).json() == {"link": f"{PROLIFIC}CODE-D"}
    start = {"consent": study.consent_sha256, "outside": "3", "source": "prolific"}
    full = first.http.post("/api/start", json=start)
    assert (full.status_code, full.json()["link"]) == (403, f"{PROLIFIC}CODE-O")
    assert first.http.post("/api/start", json=start | {"outside": "1"}).status_code == 200
    assert records.tallies(study.store.connection()) == {"refused": 1, "screened": 1, "withdrawn": 0}
    with pytest.raises(EditError, match="STUDY_OUT"):
        open_study(tmp_path, {name: code for name, code in SECRETS.items() if name != "STUDY_OUT"})


def test_who_agreed_to_another_text_has_not_agreed(opened: Any) -> None:
    http = TestClient(study_app(opened()))
    assert http.post("/api/start", json={"consent": "0" * 64}).status_code == 400


def test_a_changed_study_is_refused_once_people_took_part(opened: Any, tmp_path: Path) -> None:
    study = opened()
    write_study(tmp_path, trials=18)
    opened().store.enrol(Source.LINK, "", study.consent_sha256)  # nobody had come: that was fine
    write_study(tmp_path, trials=16)
    with pytest.raises(EditError, match="changed"):
        opened()
    write_study(tmp_path, trials=18)  # the same words, but pictures with other names
    with pytest.raises(EditError, match="changed"):
        opened()


def test_pictures_of_another_definition_are_refused(opened: Any, tmp_path: Path) -> None:
    write_study(tmp_path)
    text = (tmp_path / "study.yaml").read_text()
    (tmp_path / "study.yaml").write_text(text.replace("trials: 20", "trials: 19"))
    with pytest.raises(EditError, match="study build"):
        opened()
    (tmp_path / "study.yaml").write_text(text)
    told = json.loads((tmp_path / PAIRS).read_text())
    (tmp_path / "built" / "pictures" / f"{told['pairs'][0]['first']}.png").unlink()
    with pytest.raises(EditError, match="missing"):
        opened()


def test_no_byte_for_a_participant_names_what_made_a_picture(opened: Any) -> None:
    study = opened()
    visitor = Visitor(study)
    trials = visitor.ask("session").json()["trials"]
    shown = {trial[name] for trial in trials for name in ("left", "right", "source", "reference", "mask")}
    paths = ["", *SCRIPTED, "api/study", *(f"picture/{name}.png" for name in shown)]
    got = [visitor.http.get(f"/{path}") for path in paths] + [visitor.ask("session")]
    assert all(answer.status_code == 200 for answer in got)
    seen = " ".join(f"{answer.headers} {answer.content.decode('latin-1')}" for answer in got).lower()
    presets = {preset for method in METHODS.values() for preset in method.presets()}
    names = {*METHODS, *(presets - {"default"})}  # which a method has that has none of its own
    names |= {*study.definition.arms, "prompt-to-prompt", "truth", study.definition.name, "last-modified: x"}
    assert names >= {"specref", "baret", "official", "recommended"}
    assert [name for name in names if re.search(rf"\b{re.escape(name)}\b", seen)] == []
    dates = [answer.headers.get("last-modified") for answer in got if "image" in answer.headers["content-type"]]
    assert set(dates) == {None}


def test_paths_lead_to_nothing_else(opened: Any) -> None:
    visitor = Visitor(opened())
    for path in ("picture/../pairs.json", "picture/..%2Fpairs.png", "picture/x.png", "study.yaml", "../study.sqlite"):
        assert visitor.http.get(f"/{path}").status_code == 404


def test_pages_stay_on_this_server(opened: Any) -> None:
    got = Visitor(opened()).http.get("/")
    policy = got.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "https://huggingface.co" in policy
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", got.text)


def test_own_pictures_are_kept_only_by_a_second_consent(opened: Any) -> None:
    study = opened()
    for pictures in (False, True):
        token = study.store.enrol(Source.LINK, "", study.consent_sha256, pictures=pictures)
        edit = LiveEdit(
            uuid=f"edit-{pictures}", showing=0, arm="specref", request={"prompt": "a dog"}, seconds=1.5, rows=94,
            source=b"PNG1", result=b"PNG2",
        )  # fmt: skip
        study.store.keep_edit(token, edit)
    rows = [tuple(row) for row in study.store.connection().execute("SELECT source, result FROM live_edit")]
    assert rows == [(None, None), (b"PNG1", b"PNG2")]


def test_the_researchers_own_tests_do_not_count(opened: Any) -> None:
    study = opened()
    Visitor(study, source="test").answer_all()
    told = records.progress(study.store.connection())
    assert (told.tests, told.agreed, told.answers, told.most_shown) == (1, 0, 0, 0)


def test_pairs_of_people_who_left_are_shown_again(tmp_path: Path) -> None:
    definition = write_study(tmp_path)
    store = Store(tmp_path / FILE, definition, read_built(tmp_path, definition))
    gone = store.enrol(Source.LINK, "", "0" * 64)
    store.answer(gone, Answer(position=0, uuid="answer-1", choice=Choice.LEFT, ms=900))
    with store.writing() as db:
        db.execute("UPDATE participant SET consented = consented - 86400")
    unseen = {given.pair.id for given in store.trials(gone)[1:]}
    fresh = {given.pair.id for given in store.trials(store.enrol(Source.LINK, "", "0" * 64))}
    assert len(fresh & unseen) >= len(unseen) - 6  # nearly all that nobody has judged


def test_served_pictures_are_pixels_and_nothing_else(opened: Any) -> None:
    visitor = Visitor(opened())
    trial = visitor.ask("session").json()["trials"][0]
    image = Image.open(io.BytesIO(visitor.http.get(f"/picture/{trial['left']}.png").content))
    assert image.format == "PNG" and not image.info


def test_nobody_fills_the_file_with_events(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "EVENTS", 2)
    study = opened()
    visitor = Visitor(study)
    for number in range(2):
        study.store.note(visitor.token, Event(uuid=f"event-{number}", kind=EventKind.FAIL, detail=""))
    with pytest.raises(Full):
        study.store.note(visitor.token, Event(uuid="event-2", kind=EventKind.FAIL, detail=""))
    study.store.note(Visitor(study).token, Event(uuid="event-3", kind=EventKind.FAIL, detail=""))
