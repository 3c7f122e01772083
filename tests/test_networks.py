"""The built-in model's networks, vocabulary and scenes on disk: what their shapes and files promise."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from refedit.diffusion.attention import Site, make_controllable
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.errors import EditError
from refedit.picturebook.dataset import scenes
from refedit.picturebook.dataset.scenes import MASKS, SceneStore, grid_masks, scene_at
from refedit.picturebook.networks.clip import build_clip
from refedit.picturebook.networks.diffusion import (
    build_pipeline,
    build_text_encoder,
    build_unet,
    build_vae,
    save_pipeline,
)
from refedit.picturebook.networks.sizes import SIZES
from refedit.picturebook.networks.vocabulary import TOKENS, build_tokenizer, piece_ids
from refedit.picturebook.world import captions
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.factors import FACTORS
from refedit.picturebook.world.lexicon import lexicon
from refedit.segment.sam_network import build_sam

SMALL_LIMITS = {"base": (5.5, 60.0), "small": (1.0, 6.0)}


@pytest.mark.parametrize("name", SIZES)
def test_every_size_has_sixteen_sites_of_each_kind_with_wide_heads(name: str) -> None:
    size = SIZES[name]
    with torch.device("meta"):
        sites = make_controllable(build_unet(size))
    assert sites.count(Site("self", 15)) == 1 and len(sites) == 32
    assert all(width % heads == 0 and width // heads >= 32 for width, heads in zip(size.unet, size.heads, strict=True))


@pytest.mark.parametrize("name", SMALL_LIMITS)
def test_shipped_sizes_keep_their_budget(name: str) -> None:
    size = SIZES[name]
    grid, pixels = size.latent_grid, size.pixels
    with torch.device("meta"):
        unet, vae = build_unet(size), build_vae(size)
        with FlopCounterMode(display=False) as unet_cost:
            unet(torch.zeros(1, size.latents, grid, grid), torch.zeros(1), torch.zeros(1, TOKENS, size.text[0]))
        with FlopCounterMode(display=False) as vae_cost:
            vae.decode(vae.encode(torch.zeros(1, 3, pixels, pixels)).latent_dist.mode())
    assert unet_cost.get_total_flops() / 1e9 <= SMALL_LIMITS[name][0]
    assert vae_cost.get_total_flops() / 1e9 <= SMALL_LIMITS[name][1]


@pytest.mark.parametrize("name", SMALL_LIMITS)
def test_shipped_sizes_weigh_at_most_forty_megabytes(name: str) -> None:
    size, tokenizer = SIZES[name], build_tokenizer(captions.words())
    with torch.device("meta"):
        pipeline = [build_unet(size), build_vae(size), build_text_encoder(size, tokenizer)]
        networks = [*pipeline, build_clip(size, tokenizer, FACTORS), build_sam(size.sam)]
    halves = 2 * sum(value.numel() for network in networks for value in network.state_dict().values())
    assert halves < 39_500_000  # tokenizers and configurations come on top


def test_every_word_of_the_world_is_one_token_and_anything_can_be_written() -> None:
    words = captions.words()
    tokenizer = build_tokenizer(words)
    ids = [tokenizer(word, add_special_tokens=False).input_ids for word in words]
    assert all(len(tokens) == 1 for tokens in ids) and len({tokens[0] for tokens in ids}) == len(words)
    assert tokenizer("&", add_special_tokens=False).input_ids == [tokenizer.unk_token_id]
    together = tokenizer(" ".join(words[:20]), add_special_tokens=False).input_ids
    assert together == [tokens[0] for tokens in ids[:20]]
    assert not set(piece_ids(tokenizer, words)) & {tokens[0] for tokens in ids}


def test_special_tokens_lie_inside_the_vocabulary() -> None:
    tokenizer = build_tokenizer(captions.words())
    config = build_text_encoder(SIZES["tiny"], tokenizer).config
    assert max(config.bos_token_id, config.eos_token_id, config.pad_token_id) < config.vocab_size == len(tokenizer)


def test_a_saved_pipeline_is_half_precision_in_small_files_and_loads(tmp_path: Path) -> None:
    size, tokenizer = SIZES["tiny"], build_tokenizer(captions.words())
    parts = build_vae(size), build_unet(size), build_text_encoder(size, tokenizer)
    for _ in range(2):  # writing again replaces the folder
        save_pipeline(build_pipeline(*parts, tokenizer), tmp_path / "pipeline", lexicon())
    assert not list(tmp_path.glob("pipeline.*"))
    files = list((tmp_path / "pipeline").rglob("*.safetensors"))
    assert len(files) == 3 and max(file.stat().st_size for file in files) < 10e6
    model = StableDiffusion.load(str(tmp_path / "pipeline"), torch.device("cpu"))
    assert (model.size, model.latent_grid, model.word_grid) == (64, 8, 4)
    assert model.embed("a red cat").tokens.shape == (1, TOKENS, 32)
    assert json.loads((tmp_path / "pipeline/scheduler/scheduler_config.json").read_text())["steps_offset"] == 1


def test_training_and_test_scenes_differ() -> None:
    assert scene_at("train", 0) == scene_at("train", 0)
    assert scene_at("train", 0) != scene_at("test", 0)


def test_scenes_on_disk_are_the_drawings_and_go_on_where_they_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenes, "CHUNK", 2)  # two chunks, which are drawn in a process of their own
    store = SceneStore(tmp_path, count=3, pixels=32, grid=4)
    assert list(store.render(workers=1)) == [0, 2, 3]
    drawing = draw(store.scenes[2], 32)
    assert np.array_equal(store.pictures[2], np.asarray(drawing.picture))
    assert np.array_equal(store.masks[2], grid_masks(drawing, 4))
    assert list(SceneStore(tmp_path, count=3, pixels=32, grid=4).render()) == [3]
    with pytest.raises(EditError, match="another number or size"):
        list(SceneStore(tmp_path, count=3, pixels=64, grid=4).render())


def test_masks_cover_every_cell_once() -> None:
    masks = grid_masks(draw(scene_at("train", 1), 32), 4).astype(int)
    assert masks.shape == (len(MASKS), 4, 4)
    assert np.abs(masks.sum(0) - 255).max() <= 2
