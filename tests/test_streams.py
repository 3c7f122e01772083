"""Chance: no two uses of it draw the same, and none is left out."""

from pathlib import Path

import pytest

import refedit
from refedit.picturebook.world.streams import Stream, random

ROOM = Path(refedit.__file__).parent / "picturebook"
OWN_SEEDS = {
    "world/contact_sheet.py": "a sheet's seed comes from the command line",
    "world/streams.py": "the place itself",
}
"""The files that may make a generator of numpy's, and why."""


def test_no_two_streams_draw_the_same() -> None:
    drawn = {stream: tuple(random(stream, 5).integers(0, 1 << 30, 4)) for stream in Stream}
    assert len({int(stream) for stream in Stream}) == len(set(drawn.values())) == len(Stream.__members__)


def test_what_is_published_or_tested_keeps_its_number() -> None:
    scenes = (Stream.TRAIN_SCENES, Stream.TEST_SCENES, Stream.EXAMPLES)
    cases = (Stream.DEVELOPMENT_CASES, Stream.TEST_CASES)
    clicks = (Stream.FIRST_CLICKS, Stream.SECOND_CLICKS)
    assert (scenes, cases, clicks) == ((1, 2, 3), (11, 12), (15, 16))


@pytest.mark.parametrize("stream", Stream)
def test_a_place_in_a_stream_is_drawn_alike_every_time(stream: Stream) -> None:
    assert random(stream, 1, 2).random() == random(stream, 1, 2).random() != random(stream, 1, 3).random()


def test_every_generator_of_the_picture_book_is_a_stream() -> None:
    sources = {path.relative_to(ROOM).as_posix(): path.read_text("utf-8") for path in ROOM.rglob("*.py")}
    assert {name for name, source in sources.items() if "default_rng" in source} == set(OWN_SEEDS)
