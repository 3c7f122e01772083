"""The methods that only the benchmark runs: laws that tie them to what is known."""

from dataclasses import asdict, replace

import pytest
import torch

from refedit.bench.baselines.baret_maps import BaretFrom, MapOf, MapsFrom
from refedit.bench.baselines.base import PlainDdim
from refedit.bench.baselines.null_text_editing import NullTextEditing
from refedit.bench.baselines.reconstruction import Reconstruction, geometric_mean, noise_errors
from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import POSE, case_at
from refedit.bench.experiment.measures import psnr
from refedit.bench.experiment.painting import Painting
from refedit.bench.experiment.runs import ArmRun, run_arm
from refedit.bench.experiment.workbench import Workbench
from refedit.diffusion.attention import Site, attend
from refedit.diffusion.ddim import move
from refedit.diffusion.rows import Rows
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.methods import Baret, Method
from refedit.methods.baret import EDITED, RECONSTRUCTION, TRANSITION
from refedit.picturebook.world.drawing import draw

CASE = case_at("test", POSE, 0)
PUBLISHED = Baret.presets()["published"]


def made(workbench: Workbench, method: Method) -> ArmRun:
    return run_arm(workbench, CASE, Arm(name="", method=method, alone=True))


@pytest.mark.long
def test_balanced_attention_from_the_papers_branches_is_baret(workbench: Workbench) -> None:
    method = replace(PUBLISHED, steps=4, self_steps=0.5, cross_steps=0.75)
    paper, same = made(workbench, method), made(workbench, BaretFrom(**asdict(method)))
    assert paper.image.tobytes() == same.image.tobytes() and paper.rows == same.rows


@pytest.mark.parametrize(("branch", "leads"), [("reconstruction", 1), ("transition", 2)])
def test_maps_from_one_branch_run_only_that_branch(workbench: Workbench, branch: MapOf, leads: int) -> None:
    """The reconstruction's latents are known, so that it needs no guidance: one row instead of two."""
    alone, led, paper = (replace(PUBLISHED, steps=2, self_steps=share, cross_steps=share) for share in (0.0, 0.5, 0.5))
    method = BaretFrom(**asdict(led), self_from=branch, cross_from=branch)
    rows = [made(workbench, one).rows for one in (alone, method, paper)]
    assert rows[1] == rows[0] + leads < rows[2]


def test_the_edited_row_uses_the_leading_rows_map_and_its_own_values() -> None:
    q, k, v = torch.randn(3, 3, 1, 4, 8).unbind(0)
    control = MapsFrom(rows=Rows((RECONSTRUCTION, TRANSITION, EDITED)), leaders={"cross": TRANSITION}, self_grid=8)
    found = control(Site("cross", 0), q, k, v)
    assert torch.allclose(found[2], attend(q[1], k[1], v[2])) and torch.equal(found[:2], attend(q, k, v)[:2])
    assert torch.equal(control(Site("self", 0), q, k, v), attend(q, k, v))


def test_negative_prompt_inversion_retraces_the_inversion(workbench: Workbench) -> None:
    retraced = made(workbench, Reconstruction(steps=2, free="unconditional"))
    plain = made(workbench, Reconstruction(steps=2, free="unconditional", guidance=1.0))
    assert retraced.loss == pytest.approx(plain.loss, rel=1e-3)


def test_iterations_lower_the_error_of_the_noise(workbench: Workbench) -> None:
    none, some = (made(workbench, Reconstruction(steps=2, inner_steps=count)) for count in (0, 3))
    assert none.loss is not None and some.loss is not None and some.loss < none.loss
    assert some.rows > none.rows


def test_target_and_null_text_start_with_the_same_noise(workbench: Workbench) -> None:
    own = made(workbench, Reconstruction(steps=3))
    other = made(workbench, Reconstruction(steps=3, free="unconditional", start="empty"))
    assert own.loss == pytest.approx(other.loss, rel=1e-4)


def test_the_error_of_the_noise_is_that_by_which_it_was_wrong(model: StableDiffusion) -> None:
    schedule = model.schedule(2)
    z, right = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    levels, off, found = [z], [z], 0.5
    for step in range(2):
        alpha_bars = schedule.alpha_bars[step : step + 2]
        # Every step starts at the pivot, so only its own error counts.
        off.append(move(levels[-1], right + found, *alpha_bars))
        levels.append(move(levels[-1], right, *alpha_bars))
    errors = noise_errors(off[1:], tuple(reversed(levels)), schedule)
    assert errors == pytest.approx([0.25, 0.25], rel=1e-3)
    assert geometric_mean([1e-4, 1e2]) == pytest.approx(0.1)


def test_from_the_pivots_only_the_first_steps_error_is_the_same(workbench: Workbench) -> None:
    for method in (Reconstruction(steps=1), Reconstruction(steps=1, start="empty")):
        assert made(workbench, replace(method, at_pivots=True)).loss == pytest.approx(
            made(workbench, method).loss, rel=1e-4
        )
    drifted, apart = (made(workbench, Reconstruction(steps=3, at_pivots=at)).loss for at in (False, True))
    assert drifted is not None and apart is not None and apart != pytest.approx(drifted, rel=1e-2)
    null = made(workbench, Reconstruction(steps=3, free="unconditional", start="empty", at_pivots=True))
    assert null.loss == pytest.approx(apart, rel=1e-4)


def test_null_text_editing_without_a_change_is_its_reconstruction(workbench: Workbench) -> None:
    case = replace(CASE, result=CASE.source)
    method = NullTextEditing(steps=2, inner_steps=1, cross_replace=1.0, self_replace=1.0)
    same = run_arm(workbench, case, Arm(name="", method=method, painting=Painting.WORDS, alone=True))
    own = Reconstruction(steps=2, free="unconditional", start="empty", inner_steps=1)
    rebuilt = run_arm(workbench, case, Arm(name="", method=own, painting=Painting.WORDS, alone=True))
    everywhere = draw(case.source, 64).masks["subject"] | True
    nearness = psnr(same.image, rebuilt.image, everywhere)
    assert nearness is not None and nearness > 45


def test_null_text_editing_keeps_what_is_outside_the_painted_region(workbench: Workbench) -> None:
    method = NullTextEditing(steps=2, inner_steps=0, guidance=12.0)
    region = CASE.request(method, 64).region
    assert region is not None
    source = draw(CASE.source, 64).picture
    painted, free = (
        psnr(run_arm(workbench, CASE, Arm(name="", method=method, painting=paint)).image, source, region.values < 0.5)
        or 0.0
        for paint in (Painting.TRUE, Painting.WORDS)
    )
    assert painted > free


def test_plain_ddim_at_guidance_one_goes_down_as_any_sampler_would(workbench: Workbench) -> None:
    plain = made(workbench, PlainDdim(steps=3, guidance=1.0))
    same = made(workbench, Reconstruction(steps=3, free="unconditional", pivots="source", guidance=1.0))
    strong = made(workbench, PlainDdim(steps=3, guidance=12.0))
    everywhere = draw(CASE.source, 64).masks["subject"] | True
    near, far = (psnr(each.image, plain.image, everywhere) or 0.0 for each in (same, strong))
    assert near > 45 > far
