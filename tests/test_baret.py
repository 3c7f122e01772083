"""BARET's laws: what its stages reduce to at their ends, what they cost, and what text inversion promises."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch import Tensor

from refedit.bench.golden.trace import finish
from refedit.diffusion.attention import Site, attend
from refedit.diffusion.backbone import TextEmbedding
from refedit.diffusion.ddim import step_along
from refedit.diffusion.inversion import Inverter
from refedit.diffusion.rows import Row, Rows
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.diffusion.text_inversion import FittedText
from refedit.editing.editor import Editor
from refedit.machine.cache import Cache
from refedit.methods import Baret
from refedit.methods.baret import (
    EDIT,
    EDITED,
    EDITED_UNCOND,
    FIT,
    INVERT,
    RECONSTRUCTION,
    RECONSTRUCTION_UNCOND,
    TRANSITION,
    BalancedAttention,
)
from refedit.methods.method import Edited, Task
from tests.conftest import request_for

QUICK = replace(Baret.presets()["published"], steps=5)
SOURCE = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(6))


def same(first: TextEmbedding, second: TextEmbedding) -> bool:
    return torch.equal(first.tokens, second.tokens)


def run(model: StableDiffusion, method: Baret) -> Edited:
    return finish(method.edit(model, Task(inverter=Inverter(model, Cache(0)), source=SOURCE, prompt="a red dog")))


@torch.no_grad()
def fit(model: StableDiffusion, method: Baret) -> FittedText:
    schedule, inverter = model.schedule(method.steps), Inverter(model, Cache(0))
    pivots = finish(inverter.trajectory(INVERT, SOURCE, "a red dog", schedule))
    start, empty = model.embed("a red dog"), model.embed("")
    return finish(method.inversion.run(FIT, model, pivots, schedule, start, empty))


def test_without_injection_it_is_plain_guided_denoising_of_the_inverted_noise(model: StableDiffusion) -> None:
    from refedit.diffusion.ddim import guide, move

    edited = run(model, replace(QUICK, self_steps=0.0, cross_steps=0.0, final_text="target")).latents
    with torch.no_grad():
        schedule, target, empty = model.schedule(5), model.embed("a red dog"), model.embed("")
        z = finish(Inverter(model, Cache(0)).trajectory(INVERT, SOURCE, "a red dog", schedule))[-1]
        for step, timestep in enumerate(schedule.timesteps):
            eps = model.predict_noise(torch.cat([z, z]), timestep, TextEmbedding.cat([empty, target]))
            z = move(
                z, guide(eps[:1], eps[1:], QUICK.guidance), schedule.alpha_bars[step], schedule.alpha_bars[step + 1]
            )
    torch.testing.assert_close(edited, z, atol=1e-4, rtol=1e-4)


def texts_read(model: StableDiffusion, method: Baret) -> list[TextEmbedding]:
    """The text that the edited row reads, step by step."""
    read: list[TextEmbedding] = []
    predict = model.predict_noise

    def recorded(latents: Tensor, timestep: int, text: TextEmbedding, *others: Any) -> Tensor:
        read.append(TextEmbedding(tokens=text.tokens[-1:]))
        return predict(latents, timestep, text, *others)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(model, "predict_noise", recorded)
        run(model, method)
    return read[-method.steps :]


@pytest.mark.long
def test_the_transition_ends_are_the_fitted_and_the_target_text(model: StableDiffusion) -> None:
    drawn = replace(QUICK, steps=3, eta=1.0, final_text="transition")  # then the edited row reads the transition's text
    fitted, target = fit(model, drawn).texts, model.embed("a red dog")
    constant, rising, falling = (
        texts_read(model, replace(drawn, eta_schedule=name)) for name in ("constant", "rising", "falling")
    )
    assert all(same(text, target) for text in (*constant, rising[-1], falling[0]))
    assert same(rising[0], fitted[0]) and same(falling[-1], fitted[-1])
    assert not same(rising[0], target) and not same(falling[-1], target)


@pytest.mark.long
def test_the_edit_may_be_drawn_from_the_transition_instead_of_the_target(model: StableDiffusion) -> None:
    target = replace(QUICK, steps=3, eta=1.0, eta_schedule="constant", final_text="target")
    whole = replace(target, final_text="transition")
    edited, same, other = (run(model, method).latents for method in (target, whole, replace(whole, eta=0.0)))
    assert torch.equal(same, edited) and not torch.equal(other, edited)


@pytest.mark.long
def test_more_iterations_come_closer_to_the_pivots(model: StableDiffusion) -> None:
    source = SOURCE
    errors = []
    for inner in (0, 4):
        method = replace(QUICK, inner_steps=inner, stop=0.0, stop_growth=0.0, rate=0.02)
        errors.append(float((fit(model, method).latents[-1] - source).square().mean()))
    assert errors[1] < errors[0]


def test_the_stop_rule_is_checked_before_a_step(model: StableDiffusion) -> None:
    fitted = fit(model, replace(QUICK, stop=1e9))
    assert all(len(losses) == 1 for losses in fitted.losses)
    assert all(same(text, model.embed("a red dog")) for text in fitted.texts)


def test_without_guidance_the_text_is_fitted_as_with_hardly_any(model: StableDiffusion) -> None:
    """At guidance 1 the unconditional prediction cancels, so it is not run."""
    method = replace(QUICK, stop=0.0, stop_growth=0.0)
    without, hardly = (fit(model, replace(method, guidance=guidance)) for guidance in (1.0, 1 + 1e-7))
    for found, expected in zip(without.texts, hardly.texts, strict=True):
        torch.testing.assert_close(found.tokens, expected.tokens, atol=1e-4, rtol=0)
    torch.testing.assert_close(without.latents[-1], hardly.latents[-1], atol=1e-3, rtol=0)


@pytest.mark.long
@pytest.mark.parametrize(("prompt", "best"), [("empty", "empty"), ("target", "closed form")])
def test_before_any_fitting_the_first_text_that_suits_the_inversion_retraces_it(
    model: StableDiffusion, prompt: Literal["empty", "target"], best: str
) -> None:
    """With pivots of the empty text guidance has to cancel, with the target's it has to come out at 1."""
    drawn = replace(QUICK, steps=20, inner_steps=0, eta=0.0, self_steps=0.0, cross_steps=0.0, inversion_prompt=prompt)
    errors = {
        start: float((run(model, replace(drawn, initial_text=start)).latents - SOURCE).square().mean())
        for start in ("empty", "target", "closed form")
    }
    assert min(errors, key=errors.__getitem__) == best and errors["target"] == max(errors.values())


@pytest.mark.long
def test_layout_for_the_transition_matters_only_where_there_is_a_layout(model: StableDiffusion) -> None:
    for share, same in ((0.0, True), (1.0, False)):
        plain = replace(QUICK, steps=3, self_steps=share)
        other = replace(plain, transition_layout=True)
        assert torch.equal(run(model, plain).latents, run(model, other).latents) == same


def test_a_text_that_is_not_carried_over_stays_one_iteration_from_its_start(model: StableDiffusion) -> None:
    """Adam's first iteration moves no number farther than the learning rate."""
    method, start = replace(QUICK, inner_steps=1, stop=0.0, stop_growth=0.0), model.embed("a red dog")
    carried, afresh = (fit(model, replace(method, carry_over=carry)) for carry in (True, False))
    assert all(float((text.tokens - start.tokens).abs().max()) <= method.rate * 1.001 for text in afresh.texts)
    assert float((carried.texts[-1].tokens - start.tokens).abs().max()) > 2 * method.rate


def test_weights_stay_frozen_while_the_text_is_fitted(model: StableDiffusion) -> None:
    before = {name: value.clone() for name, value in model.unet.state_dict().items()}
    run(model, QUICK)
    assert all(torch.equal(value, before[name]) for name, value in model.unet.state_dict().items())
    assert all(parameter.grad is None for parameter in model.unet.parameters())


@pytest.mark.parametrize(
    ("method", "rows"),
    [
        (replace(QUICK, inner_steps=0, self_steps=0.0, cross_steps=0.0), 5 + 2 * 5 + 2 * 5),
        (replace(QUICK, inner_steps=0, self_steps=0.4, cross_steps=0.6), 5 + 2 * 5 + 2 * 5 + 2 + 2 * 3),
        (replace(QUICK, inner_steps=0, guidance=1.0, self_steps=1.0, cross_steps=1.0), 5 + 5 + 3 * 5),
        (replace(QUICK, inner_steps=0, guidance=1.0, self_steps=0.0, appearance_start=0.4), 5 + 5 + 5 + 4 + 3),
        (
            replace(QUICK, inner_steps=0, self_steps=0.2, cross_steps=0.0, appearance_start=0.6),
            5 + 2 * 5 + 2 * 5 + 1 + 2 * 2,
        ),
    ],
)
def test_only_rows_that_are_read_are_run(editor: Editor, method: Baret, rows: int) -> None:
    assert list(editor.edit(request_for(method)))[-1].rows == rows  # type: ignore[union-attr]


@pytest.mark.long
def test_another_editing_stage_inverts_and_fits_nothing_again(editor: Editor) -> None:
    list(editor.edit(request_for(QUICK)))
    again = list(editor.edit(request_for(replace(QUICK, eta=0.5, self_steps=0.4, appearance_start=0.4))))
    assert {getattr(event, "stage", "Editing") for event in again} == {"Editing"}


def test_balanced_attention_takes_maps_from_two_rows_and_values_from_its_own(model: StableDiffusion) -> None:
    q, k, v = torch.randn(3, 3, 2, 16, 8).unbind()
    rows = Rows((RECONSTRUCTION, TRANSITION, EDITED))
    control = BalancedAttention(rows=rows, self_grid=4, followers=(EDITED,), appearance=range(0))
    layout, words = control(model.sites[0], q, k, v), control(model.sites[1], q, k, v)
    torch.testing.assert_close(layout[2], attend(q[0], k[0], v[2]))
    torch.testing.assert_close(words[2], attend(q[1], k[1], v[2]))
    torch.testing.assert_close(words[:2], attend(q[:2], k[:2], v[:2]))


ROWS = Rows((EDITED_UNCOND, RECONSTRUCTION_UNCOND, RECONSTRUCTION, TRANSITION, EDITED))


@pytest.mark.parametrize("followers", [(EDITED,), (EDITED, TRANSITION)])
def test_looking_up_goes_before_layout_and_for_the_edit_only(followers: tuple[Row, ...]) -> None:
    q, k, v = torch.randn(3, 5, 2, 16, 8).unbind()
    control = BalancedAttention(rows=ROWS, self_grid=4, followers=followers, appearance=range(1, 2))
    before, after = (control(Site("self", index), q, k, v) for index in (0, 1))
    source, transition, edited = (ROWS.index(row) for row in (RECONSTRUCTION, TRANSITION, EDITED))
    led = source if TRANSITION in followers else transition
    torch.testing.assert_close(before[edited], attend(q[source], k[source], v[edited]))
    torch.testing.assert_close(after[edited], attend(q[edited], k[source], v[source]))
    torch.testing.assert_close(after[0], attend(q[0], k[1], v[1]))
    for found in (before, after):
        torch.testing.assert_close(found[transition], attend(q[led], k[led], v[transition]))
        torch.testing.assert_close(found[1:3], attend(q[1:3], k[1:3], v[1:3]))


@pytest.mark.long
def test_what_redraws_the_source_looks_up_its_own_look(model: StableDiffusion) -> None:
    """At eta 0 the edit is the reconstruction, so that looking up changes nothing; with another text it does."""
    for eta, same in ((0.0, True), (1.0, False)):
        without = replace(QUICK, steps=3, eta=eta, self_steps=0.0, cross_steps=0.0)
        first, second = run(model, without).latents, run(model, replace(without, appearance_start=0.0)).latents
        assert torch.allclose(first, second, atol=1e-4) == same


@pytest.mark.parametrize("preset", Baret.presets())
@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_the_clock_is_told_the_rows_of_an_edit_without_fitting(preset: str, guidance: float, editor: Editor) -> None:
    method = replace(Baret.presets()[preset], steps=5, inner_steps=0, guidance=guidance)
    rows = list(editor.edit(request_for(method)))[-1].rows  # type: ignore[union-attr]
    assert rows == pytest.approx(5 * sum(method.stages.values()))


@pytest.mark.long
@pytest.mark.parametrize(("text", "again"), [("empty", False), ("target", True)])
def test_another_sentence_is_fitted_anew_only_where_fitting_begins_with_it(
    text: Literal["empty", "target"], again: bool, editor: Editor
) -> None:
    request = request_for(replace(QUICK, inversion_prompt="empty", initial_text=text))
    list(editor.edit(request))
    stages = {getattr(event, "stage", EDIT.words) for event in editor.edit(replace(request, prompt="a blue cat"))}
    assert (FIT.words in stages) == again


def test_in_float16_small_gradients_still_move_every_part_of_a_text(tiny_folder: Path) -> None:
    """The pivot is all but reached, as it is after a few iterations; float16 alone would round the gradient to 0."""
    half = StableDiffusion.load(str(tiny_folder), torch.device("cpu"), torch.float16)
    schedule, text = half.schedule(1), half.embed("a red dog")
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        eps = half.predict_noise(noise, schedule.timesteps[0], text)
    reached, _ = step_along(noise, eps, *schedule.alpha_bars)
    method = replace(QUICK, guidance=1.0, inner_steps=1, stop=0.0, stop_growth=0.0)
    pivots = (reached + 1e-4 * noise, noise)
    fitted = finish(method.inversion.run(FIT, half, pivots, schedule, text, text)).texts[0]
    assert (fitted.tokens != text.tokens).float().mean() > 0.8
