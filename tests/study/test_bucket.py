"""The bucket of the Hub: that its interface is called as it is, and that every failure of it is the same one."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import HfApi

from refedit.errors import EditError
from refedit.study.running import open_study
from refedit.study.ship import HubBucket
from tests.study.made_up import write_study


class Hub:
    """Buckets in memory, whose methods take what the Hub's own take; `broken` is what each call raises."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.private: Any = None
        self.broken: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        signature = inspect.signature(getattr(HfApi, name))

        def call(*values: Any, **named: Any) -> Any:
            if self.broken:
                raise self.broken
            asked = signature.bind(self, *values, **named)
            asked.apply_defaults()
            assert asked.arguments["bucket_id"] == "owner/name"
            return getattr(type(self), f"_{name}")(self, asked.arguments)

        return call

    def _create_bucket(self, asked: dict[str, Any]) -> None:
        assert asked["exist_ok"]
        self.private = asked["private"]

    def _list_bucket_tree(self, asked: dict[str, Any]) -> Iterator[SimpleNamespace]:
        assert asked["recursive"]
        yield SimpleNamespace(type="directory", path=asked["prefix"].rstrip("/"))
        yield from (SimpleNamespace(type="file", path=name) for name in self.files if name.startswith(asked["prefix"]))

    def _download_bucket_files(self, asked: dict[str, Any]) -> None:
        for name, place in asked["files"]:
            Path(place).write_bytes(self.files[name])

    def _batch_bucket_files(self, asked: dict[str, Any]) -> None:
        self.files.update({name: content for content, name in asked["add"] or []})
        for name in asked["delete"] or []:
            del self.files[name]


def test_files_go_there_come_back_and_can_be_deleted() -> None:
    hub = Hub()
    bucket = HubBucket("owner/name", hub)
    assert hub.private is True
    bucket.change(add=[(b"one", "a/1"), (b"two", "a/2"), (b"three", "b/3")])
    assert sorted(bucket.names("a/")) == ["a/1", "a/2"]
    bucket.change(delete=["a/1"])
    assert bucket.read(bucket.names("")) == {"a/2": b"two", "b/3": b"three"}


@pytest.mark.parametrize("error", [ValueError("no such name"), RuntimeError("the network"), KeyError("x")])
def test_whatever_is_wrong_is_that_it_cannot_be_reached(error: Exception) -> None:
    hub = Hub()
    bucket = HubBucket("owner/name", hub)
    hub.broken = error
    for call in (lambda: bucket.names(""), lambda: bucket.read(["a"]), lambda: bucket.change(delete=["a"])):
        with pytest.raises(OSError, match="owner/name"):
            call()
    with pytest.raises(OSError, match="owner/name"):
        HubBucket("owner/name", hub)


def test_a_study_does_not_begin_without_its_bucket(tmp_path: Path) -> None:
    write_study(tmp_path, ship={"bucket": "owner/name"})
    hub = Hub()
    bucket = HubBucket("owner/name", hub)
    hub.broken = RuntimeError("no network")
    with pytest.raises(EditError, match="HF_TOKEN"):
        open_study(tmp_path, {}, bucket)
