"""Captions: only known words, each tied to what it describes, and dropped as often as training needs."""

from dataclasses import replace

import numpy as np

from refedit.picturebook.world.captions import MENTIONED, Caption, caption, describe, words
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.scene import COLOURS, PATTERNS, Appearance, Backdrop, Scene, Subject, sample_scene


def subject(kind: str, pose: str, colour: str = "red", pattern: str = "striped") -> Subject:
    white = (1.0, 1.0, 1.0)
    look = Appearance(colour=colour, paint=white, pattern=pattern, second_paint=white, width=0.1, angle=0.0)
    return Subject(kind=kind, pose=pose, appearance=look, x=0.5, y=0.9, size=0.6, mirror=False)


def scene_with(*subjects: Subject, place: str = "meadow", style: str = "storybook") -> Scene:
    backdrop = Backdrop(name=place, horizon=0.6, tone=0.5, details=(0.5,) * 8)
    return Scene(subjects=subjects, backdrop=backdrop, style=style)


def random_captions(number: int) -> list[tuple[Scene, Caption]]:
    rng = np.random.default_rng(0)
    return [(scene, caption(scene, rng)) for scene in (sample_scene(rng) for _ in range(number))]


def test_sentences_read_well() -> None:
    everything = MENTIONED - {"style"}
    cat = scene_with(subject("cat", "sitting"))
    face = scene_with(subject("face", "angry", "green", "plain"), place="night")
    pair = scene_with(subject("mug", "", "blue"), subject("dog", "sleeping"), place="room", style="pencil")
    assert describe(cat, mention=everything).text == "a red striped cat sitting on a meadow"
    assert describe(face, mention=everything - {"pattern"}).text == "an angry green face at night"
    some = frozenset({"second", "pose", "background", "style"})
    assert describe(pair, mention=some).text == "a mug and a dog sleeping in a room in pencil style"


def test_words_name_the_mask_they_describe() -> None:
    pair = scene_with(subject("mug", "", "blue", "plain"), subject("dog", "sleeping"))
    told = describe(pair, mention=frozenset({"second", "colour", "background"}))
    assert told.words == (
        ("blue", "subject"),
        ("mug", "subject"),
        ("red", "second"),
        ("dog", "second"),
        ("meadow", "background"),
    )


def test_every_word_is_in_the_vocabulary_and_every_key_is_a_mask() -> None:
    known = set(words())
    for scene, told in random_captions(300):
        spoken = told.text.split()
        assert set(spoken) <= known and len(spoken) <= 24
        assert told.text == " ".join(spoken).lower()
        assert all(word in spoken for word, _ in told.words)
        assert {key for _, key in told.words} <= {"background", "subject", "second"}
        assert len(scene.subjects) == 2 or "second" not in {key for _, key in told.words}


def test_masks_exist_for_the_words_of_a_pair() -> None:
    scene = sample_scene(np.random.default_rng(2), count=2)
    assert all(draw(scene, 48).masks[key].any() for _, key in describe(scene).words)


def test_the_vocabulary_is_sorted_and_complete() -> None:
    assert list(words()) == sorted(set(words()))
    assert {"the", "a", "an", "of", "with", "and", "in", "on", "at", "style"} <= set(words())


def test_describe_mentions_what_is_asked_and_nothing_else() -> None:
    scene = scene_with(subject("cat", "sitting"), subject("dog", "jumping"))
    assert describe(scene, mention=frozenset()).text == "a cat"
    assert describe(scene, mention=frozenset({"pattern"})).text == "a striped cat"
    assert describe(scene) == describe(scene, mention=MENTIONED)


def test_the_appearance_is_named_half_of_the_time() -> None:
    told = [text for _, text in random_captions(1200)]
    empty = np.mean([not item.text for item in told])
    alone = [item for item in told if item.text and "and" not in item.text.split()]
    colours = np.mean([any(word in COLOURS for word in item.text.split()) for item in alone])
    patterns = np.mean([any(word in PATTERNS for word in item.text.split()) for item in alone])
    assert 0.07 < empty < 0.13
    assert 0.44 < colours < 0.58 and 0.44 < patterns < 0.58


def test_captions_never_tell_the_unnamed_factors() -> None:
    scene = scene_with(subject("cat", "sitting"))
    main = scene.subjects[0]
    other = replace(main, appearance=replace(main.appearance, width=0.15, angle=70.0, second_paint=(0.0, 0.5, 1.0)))
    assert describe(scene) == describe(replace(scene, subjects=(other,)))
