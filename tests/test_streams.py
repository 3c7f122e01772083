"""Chance: no two uses of it draw the same."""

import pytest

from refedit.picturebook.world.streams import Stream, random


def test_no_two_streams_draw_the_same() -> None:
    drawn = {stream: tuple(random(stream, 5).integers(0, 1 << 30, 4)) for stream in Stream}
    assert len(set(drawn.values())) == len(Stream)


@pytest.mark.parametrize("stream", Stream)
def test_a_place_in_a_stream_is_drawn_alike_every_time(stream: Stream) -> None:
    assert random(stream, 1, 2).random() == random(stream, 1, 2).random() != random(stream, 1, 3).random()
