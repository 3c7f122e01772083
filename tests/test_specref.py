"""SpecRef's laws: what its masks promise, what a step costs, and that a deviation switched off is not there."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from refedit.bench.golden.trace import finish
from refedit.diffusion.attention import attend
from refedit.diffusion.backbone import TextEmbedding
from refedit.diffusion.ddim import guide, move
from refedit.diffusion.inversion import FeatureRecorder, FeatureSpec, Inverter
from refedit.diffusion.prompt_to_prompt import word_factors, word_shares
from refedit.diffusion.rows import Rows
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.diffusion.word_maps import WordMaps
from refedit.editing.editor import Editor
from refedit.editing.prepare import prepare
from refedit.errors import EditError
from refedit.machine.cache import Cache
from refedit.methods import Baret, SpecRef
from refedit.methods.method import Edited, Task
from refedit.methods.specref import INVERT_REFERENCE, INVERT_SOURCE, TARGET, ReferenceAttention
from refedit.methods.specref_region import EditRegion
from tests.conftest import box_mask, request_for

QUICK = SpecRef(steps=6, words="dog", blend_source_words="cat")


def run(model: StableDiffusion, method: SpecRef, **changes: object) -> Edited:
    """The edited random latents."""
    return finish(method.edit(model, replace(task_with(model), **changes)))  # type: ignore[arg-type]


def task_with(model: StableDiffusion, region: Tensor | None = None) -> Task:
    z = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    subject = box_mask((64, 64), (0, 0, 64, 32)).to_tensor()
    return Task(
        inverter=Inverter(model, Cache(1 << 28)), source=z[0], prompt="a dog", source_prompt="a cat",
        reference=z[1], subject=subject, region=region,
    )  # fmt: skip


def test_the_same_request_gives_the_same_latents(model: StableDiffusion) -> None:
    assert torch.equal(run(model, QUICK).latents, run(model, QUICK).latents)


def test_the_reference_matters_inside_and_its_mask_too(model: StableDiffusion) -> None:
    plain = run(model, QUICK)
    assert not torch.allclose(plain.latents, run(model, QUICK, reference=None).latents)
    assert not torch.allclose(plain.latents, run(model, replace(QUICK, masks="region")).latents)


def test_outside_the_painted_region_the_latents_are_the_sources(model: StableDiffusion) -> None:
    region = box_mask((64, 64), (0, 0, 32, 64)).to_tensor()
    source = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(5))[0]
    edited = run(model, QUICK, region=region)
    assert torch.equal(edited.latents[..., 4:], source[..., 4:])
    assert not torch.allclose(edited.latents[..., :4], source[..., :4])


@pytest.mark.long
def test_fresh_noise_takes_the_inverted_noises_place_inside_the_painted_region_only(model: StableDiffusion) -> None:
    left = box_mask((64, 64), (0, 0, 32, 64)).to_tensor()
    ends: list[Tensor] = []
    for share in (0.0, 0.5, 1.0):
        method = replace(QUICK, fresh_noise=share, guidance=1.0, cross_replace=0.0, self_replace=0.0)
        ends.append(run(model, method, region=left, reference=None).latents)
    assert all(not torch.allclose(a, b) for a, b in zip(ends, ends[1:], strict=False))
    assert torch.equal(run(model, QUICK).latents, run(model, replace(QUICK, fresh_noise=0.0)).latents), "no region"


def test_all_noise_inside_the_painted_region_may_be_fresh_and_none_outside_is(
    model: StableDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, predict = box_mask((64, 64), (0, 0, 32, 64)).to_tensor(), model.predict_noise
    read: list[Tensor] = []

    def recorded(latents: Tensor, *others: Any) -> Tensor:
        read.append(latents)
        return predict(latents, *others)

    monkeypatch.setattr(model, "predict_noise", recorded)
    starts: list[Tensor] = []
    for share in (0.0, 1.0):
        read.clear()
        method = replace(QUICK, fresh_noise=share, seed=7)
        run(model, method, region=left, reference=None)
        starts.append(read[QUICK.steps][-1:])  # the first step after the inversion; the edited row comes last
    new = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(7))
    assert torch.equal(starts[1][..., :4], new[..., :4]) and torch.equal(starts[1][..., 4:], starts[0][..., 4:])


def test_without_reference_and_replacement_it_is_plain_guided_denoising(model: StableDiffusion) -> None:
    method = SpecRef(steps=6, cross_replace=0.0, self_replace=0.0, blend=False, fresh_noise=0.0)
    region = box_mask((64, 64), (0, 0, 64, 64)).to_tensor()
    edited = run(model, method, reference=None, region=region).latents
    with torch.no_grad():
        schedule, source = model.schedule(6), torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(5))[0]
        z = finish(Inverter(model, Cache(0)).trajectory(INVERT_SOURCE, source, "a cat", schedule))[-1]
        for step, timestep in enumerate(schedule.timesteps):
            eps = model.predict_noise(
                torch.cat([z, z]), timestep, TextEmbedding.cat([model.embed(""), model.embed("a dog")])
            )
            z = move(
                z, guide(eps[:1], eps[1:], QUICK.guidance), schedule.alpha_bars[step], schedule.alpha_bars[step + 1]
            )
    assert torch.equal(edited, z)


@pytest.mark.long
@pytest.mark.parametrize(
    ("method", "first", "again"),
    [
        (replace(SpecRef.presets()["official"], steps=10), 19 + 3 * 10 + 8, 3 * 10 + 8),
        (SpecRef(steps=10), 19 + 3 * 10, 3 * 10),
        (SpecRef(steps=10, guidance=1.0), 19 + 2 * 10, 2 * 10),
    ],
)
def test_an_edit_costs_the_rows_that_are_read(editor: Editor, method: SpecRef, first: int, again: int) -> None:
    """First the source's 10 and the reference's 9 of the inversions; then of every step the rows that act."""
    request = request_for(method)
    assert [list(editor.edit(request))[-1].rows for _ in range(2)] == [first, again]  # type: ignore[union-attr]


@pytest.mark.long
def test_a_remembered_edit_is_bit_equal_to_a_fresh_one(model: StableDiffusion) -> None:
    editor, request = Editor(model), request_for(QUICK)
    pictures = [list(editor.edit(request))[-1].image.tobytes() for _ in range(2)]  # type: ignore[union-attr]
    fresh = list(Editor(model, cache_bytes=0).edit(request))[-1].image.tobytes()  # type: ignore[union-attr]
    assert pictures == [fresh, fresh]


@pytest.mark.long
def test_features_of_another_subject_are_recorded_from_the_known_trajectory(editor: Editor) -> None:
    request = request_for(QUICK)
    list(editor.edit(request))
    assert request.reference is not None
    moved = replace(request.reference, subject=box_mask((64, 64), (0, 0, 60, 30)))
    again = list(editor.edit(replace(request, reference=moved)))[-1].rows  # type: ignore[union-attr]
    assert again == list(editor.edit(request))[-1].rows + len(QUICK.reference_steps)  # type: ignore[union-attr]


@pytest.mark.long
@pytest.mark.parametrize("at", ["inversion", "aligned"])
def test_another_seed_inverts_nothing_again(editor: Editor, at: str) -> None:
    first, again, other = (
        list(editor.edit(request_for(replace(QUICK, reference_at=at, seed=seed))))[-1].rows  # type: ignore[arg-type, union-attr]
        for seed in (0, 0, 7)
    )
    assert first > again == other


@pytest.mark.long
def test_another_seed_is_another_noised_reference(model: StableDiffusion) -> None:
    pair = [run(model, replace(QUICK, reference_at="noised", seed=seed)).latents for seed in (0, 7)]
    assert not torch.equal(*pair)


@pytest.mark.long
def test_spaces_change_neither_controller_nor_edit(model: StableDiffusion) -> None:
    plain = run(model, QUICK).latents
    for prompt in ("a dog ", "a  dog"):
        assert torch.equal(run(model, QUICK, prompt=prompt).latents, plain)


@pytest.mark.parametrize("shared", [False, True])
def test_words_that_stay_are_not_edited_where_something_is_painted_either(model: StableDiffusion, shared: bool) -> None:
    region = box_mask((64, 64), (0, 0, 48, 64)).to_tensor()
    method = replace(QUICK, stay_source_words="cat", stay_threshold=0.9, shared_mask=shared)
    edited, source = run(model, method, region=region), task_with(model).source
    assert edited.mask is not None and 0 < edited.mask.sum() < 48 and not edited.mask[:, 6:].any()
    outside = edited.mask == 0
    assert torch.equal(edited.latents[..., outside], source[..., outside])
    assert not torch.allclose(edited.latents[..., ~outside], source[..., ~outside])
    nothing = run(model, replace(method, stay_threshold=0.0), region=region)
    assert torch.equal(nothing.latents, source), "every place has something of every word"


def test_reference_attention_is_masked_attention(model: StableDiffusion) -> None:
    """Gathered tokens instead of an additive mask: SpecRef's formula, written out."""
    q, k, v, k_ref, v_ref = torch.randn(5, 1, 2, 16, 8).unbind()
    subject, inside = torch.arange(16) < 5, torch.arange(16) % 3 == 0
    maps = WordMaps(grid=4, words={}, device=torch.device("cpu"))
    region = EditRegion(
        maps=maps, painted=inside.reshape(4, 4).float(), combine="painted", threshold=0.5, mode="nearest",
        everywhere=False,
    )  # fmt: skip
    control = ReferenceAttention(
        fallback=lambda site, q, k, v: attend(q, k, v), rows=Rows((TARGET,)), region=region,
        features={3: (k_ref[0][:, subject], v_ref[0][:, subject])}, strengths={TARGET: 1.0},
    )  # fmt: skip
    bias = torch.zeros(16).masked_fill(~subject, torch.finfo(torch.float32).min)
    expected = torch.where(inside[:, None], attend(q, k_ref, v_ref, bias.expand(16, 16)), attend(q, k, v))
    torch.testing.assert_close(control(model.sites[6], q, k, v), expected)


def test_a_reference_that_is_the_row_itself_changes_nothing(model: StableDiffusion) -> None:
    q, k, v = torch.randn(3, 1, 2, 16, 8).unbind()
    maps = WordMaps(grid=4, words={}, device=torch.device("cpu"))
    region = EditRegion(maps=maps, painted=None, combine="painted", threshold=0.5, mode="nearest", everywhere=True)
    control = ReferenceAttention(
        fallback=lambda site, q, k, v: attend(q, k, v), rows=Rows((TARGET,)), region=region,
        features={0: (k[0], v[0])}, strengths={TARGET: 1.0},
    )  # fmt: skip
    torch.testing.assert_close(control(model.sites[0], q, k, v), attend(q, k, v), atol=1e-5, rtol=0)


def test_recorded_features_are_those_of_the_trajectory_run_again(model: StableDiffusion) -> None:
    inverter, schedule, z = Inverter(model, Cache(1 << 28)), model.schedule(4), torch.randn(1, 4, 8, 8)
    spec = FeatureSpec(steps=range(1, 4), sites=range(6, 10), subject=None)
    with torch.no_grad():
        found = finish(inverter.features(INVERT_REFERENCE, z, "", schedule, spec))
        levels = finish(inverter.trajectory(INVERT_SOURCE, z, "", schedule))
        for step in spec.steps:
            again = FeatureRecorder(spec)
            model.predict_noise(levels[3 - step], schedule.timesteps[step], model.embed(""), again)
            for site, (k, v) in again.kept.items():
                assert torch.equal(found[step][site][0], k) and torch.equal(found[step][site][1], v)
    assert {step: list(sites) for step, sites in found.items()} == {step: list(spec.sites) for step in spec.steps}


@pytest.mark.long
def test_both_rows_may_look_at_the_reference(model: StableDiffusion) -> None:
    plain = run(model, QUICK).latents
    for change in (
        {"unconditional": 1.0},
        {"own_keys": False},
        {"reference_at": "aligned"},
        {"reference_at": "noised"},
    ):
        changed: Tensor = run(model, replace(QUICK, **change)).latents  # type: ignore[arg-type]
        assert torch.isfinite(changed).all() and not torch.equal(changed, plain)


def test_a_subject_too_small_to_see_is_said(model: StableDiffusion) -> None:
    speck = box_mask((64, 64), (63, 63, 64, 64)).to_tensor()
    with pytest.raises(EditError, match="too small for this model to see"):
        run(model, QUICK, subject=speck)
    for choice in ("average", "skip"):
        assert torch.isfinite(run(model, replace(QUICK, empty_subject=choice), subject=speck).latents).all()


def test_a_region_too_small_to_see_is_said(model: StableDiffusion) -> None:
    with pytest.raises(EditError, match="Paint a larger one"):
        run(model, QUICK, region=box_mask((64, 64), (63, 63, 64, 64)).to_tensor())


@pytest.mark.long
@pytest.mark.parametrize("dtype", [torch.bfloat16])
def test_a_unet_in_half_precision_edits_with_exact_latents(tiny_folder: Path, dtype: torch.dtype) -> None:
    half = StableDiffusion.load(str(tiny_folder), torch.device("cpu"), dtype)
    assert half.unet.dtype == dtype and half.vae.dtype == half.embed("a cat").tokens.dtype == torch.float32
    for method in (QUICK, Baret(steps=3)):
        task = Task(
            inverter=Inverter(half, Cache(0)), source=torch.randn(1, 4, 8, 8), prompt="a dog", source_prompt="a cat"
        )
        assert finish(method.edit(half, task)).latents.dtype == torch.float32
    assert run(half, QUICK).latents.dtype == torch.float32


@pytest.mark.parametrize("text", ["dog", "dog:", "dog:x", "dog:1-2", "dog:nan"])
def test_unreadable_factors_are_said(text: str, model: StableDiffusion) -> None:
    with pytest.raises(EditError, match="is not readable"):
        word_factors("a dog", text, model.tokens, 8)
    assert word_factors("a dog", "dog:-2.5, a:1e-05", model.tokens, 8).tolist()[:3] == pytest.approx([1, 1e-5, -2.5])
    for text in ("dog:1,5", "(dog:1.5)", "[dog:1,5]"):
        assert word_factors("a dog", f"a:2, {text}", model.tokens, 8).tolist()[:3] == [1, 2, 1.5]


@pytest.mark.parametrize("text", ["dog:0.1-0.2-0.3", "dog:nan", "dog:.-1"])
def test_unreadable_windows_are_said(text: str, model: StableDiffusion) -> None:
    with pytest.raises(EditError, match="is not readable"):
        word_shares("a dog", (0.0, 0.8), text, 10, model.tokens, 8)
    shares = word_shares("a dog", (0.0, 0.8), "dog:0.2-0.4", 10, model.tokens, 8)
    assert shares[:, 2].nonzero().flatten().tolist() == [2, 3] and shares[:, 1].sum() == 8


def test_equal_prompts_without_words_or_region_ask_for_one(model: StableDiffusion) -> None:
    with pytest.raises(EditError, match="no new word"):
        run(model, SpecRef(steps=6), prompt="a cat")


def test_an_aligned_reference_shows_its_subject_where_the_region_is() -> None:
    region = box_mask((64, 64), (32, 32, 64, 64))
    prepared = prepare(request_for(replace(QUICK, align_reference=True), region), 64)
    assert prepared.subject is not None
    left, top, right, bottom = prepared.subject.box
    assert (top, bottom) == (32, 64) and left >= 32 and right <= 64


@pytest.mark.long
def test_another_thing_need_not_stand_as_the_old_one_does(model: StableDiffusion) -> None:
    free = replace(QUICK, self_replace=0.0, cross_replace=0.0)
    kept = replace(QUICK, other_kind="same layout")
    assert torch.equal(run(model, QUICK).latents, run(model, replace(free, other_kind="same layout")).latents)
    assert not torch.equal(run(model, QUICK).latents, run(model, kept).latents)
    prompts = {"prompt": "a red cat", "source_prompt": "a cat"}
    same, told = (
        replace(QUICK, words="red", blend_source_words="cat"),
        replace(kept, words="red", blend_source_words="cat"),
    )
    assert torch.equal(run(model, same, **prompts).latents, run(model, told, **prompts).latents)
