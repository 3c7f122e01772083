"""Checkpoints as people have them: each loads, or is told in one sentence that says what it is."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from refedit import models
from refedit.diffusion.stable_diffusion import StableDiffusion, open_pipeline
from refedit.errors import EditError
from tests.conftest import save_tiny

CPU = torch.device("cpu")
WEIGHTS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model"}


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_folder, tmp_path / "model")


def load(where: Path) -> StableDiffusion:
    return StableDiffusion.load(str(where), CPU)


def changed(path: Path, **entries: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("StableDiffusionInpaintPipeline", "an inpainting model"),
        ("StableDiffusionInstructPix2PixPipeline", "InstructPix2Pix"),
        ("StableDiffusionXLPipeline", "Stable Diffusion XL"),
        ("StableDiffusionXLInpaintPipeline", "Stable Diffusion XL"),
        ("StableDiffusion3Pipeline", "Stable Diffusion 3"),
        ("FluxPipeline", "FLUX"),
        ("PixArtAlphaPipeline", "PixArt"),
        ("SanaPipeline", "a SanaPipeline"),
    ],
)
def test_pipelines_of_other_kinds_are_named(kind: str, what: str, folder: Path) -> None:
    changed(folder / "model_index.json", _class_name=kind)
    with pytest.raises(EditError, match=f"is {what}.* Use a text-to-image checkpoint"):
        load(folder)


@pytest.mark.parametrize(
    ("part", "entries", "says"),
    [
        ("unet", {"in_channels": 9}, "an inpainting model"),
        ("unet", {"in_channels": 8}, "InstructPix2Pix"),
        ("unet", {"in_channels": 5}, "reads 5 channels"),
        ("unet", {"addition_embed_type": "text_time"}, "reads more than a text"),
        ("unet", {"cross_attention_dim": 48}, "its texts have 32 features, its UNet reads 48"),
    ],
)
def test_networks_that_do_not_fit_are_named_before_weights_are_read(
    part: str, entries: dict[str, Any], says: str, folder: Path
) -> None:
    changed(folder / part / "config.json", **entries)
    with pytest.raises(EditError, match=says):
        load(folder)


@pytest.mark.parametrize("part", ["tokenizer", "vae", "scheduler"])
def test_missing_parts_are_named(part: str, folder: Path) -> None:
    shutil.rmtree(folder / part)
    with pytest.raises(EditError, match=f"lacks {part}"):
        load(folder)


@pytest.mark.parametrize("part", WEIGHTS)
def test_missing_weights_are_an_error_and_not_random(part: str, folder: Path) -> None:
    path = folder / part / f"{WEIGHTS[part]}.safetensors"
    weights = load_file(path)
    name = next(name for name in reversed(weights) if name.endswith("weight"))
    weights.pop(name)
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(EditError, match=f"lacks 1 weights of its {part}"):
        load(folder)
    path.unlink()
    with pytest.raises(EditError, match=f"no safetensors weights for {part}"):
        load(folder)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_unet_is_read_in_the_precision_it_runs_in(dtype: torch.dtype, folder: Path) -> None:
    read = open_pipeline(str(folder), dtype)
    assert {weight.dtype for weight in read.unet.parameters()} == {dtype}
    for network in (read.vae, read.text_encoder):
        assert {weight.dtype for weight in network.parameters()} == {torch.float32}
    cast = load(folder).unet.to(dtype)
    assert all(torch.equal(*weights) for weights in zip(read.unet.parameters(), cast.parameters(), strict=True))


def in_half_precision(folder: Path) -> Path:
    """The folder, with the files of half precision that some models have alone."""
    for part, name in WEIGHTS.items():
        weights = {key: value.half() for key, value in load_file(folder / part / f"{name}.safetensors").items()}
        (folder / part / f"{name}.safetensors").unlink()
        save_file(weights, folder / part / f"{name}.fp16.safetensors", {"format": "pt"})
    return folder


def test_files_in_half_precision_alone_are_enough(folder: Path) -> None:
    model = load(in_half_precision(folder))
    assert model.unet.dtype == torch.float32
    (folder / "unet" / f"{WEIGHTS['unet']}.fp16.safetensors").rename(folder / "unet" / f"{WEIGHTS['unet']}.safetensors")
    with pytest.raises(EditError, match="only some of its weights in half precision"):
        load(folder)


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(EditError, match=r"no model_index\.json"):
        load(tmp_path)
    for name in ("model.ckpt", "model.bin"):
        with pytest.raises(EditError, match="can hold programs"):
            load(tmp_path / name)
    with pytest.raises(EditError, match="There is no file"):
        load(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").write_text("no weights")
    with pytest.raises(EditError, match="damaged or no safetensors file"):
        load(tmp_path / "model.safetensors")


FIRST = "model.diffusion_model.input_blocks.0.0.weight"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"conditioner.embedders.1.model.a": (1,), FIRST: (4, 4, 3, 3)}, "Stable Diffusion XL"),
        ({"model.diffusion_model.joint_blocks.0.a": (1,)}, "Stable Diffusion 3"),
        ({"double_blocks.0.a": (1,)}, "FLUX"),
        ({"lora_unet_down_blocks_0.alpha": (1,)}, "a LoRA"),
        ({FIRST: (4, 9, 3, 3)}, "an inpainting model"),
        ({FIRST: (4, 8, 3, 3)}, "InstructPix2Pix"),
        ({FIRST: (4, 4, 3, 3)}, "lacks the vae"),
        ({"decoder.conv_in.weight": (1,)}, "without the UNet"),
    ],
)
def test_single_files_of_other_kinds_are_named(keys: dict[str, tuple[int, ...]], says: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({name: torch.zeros(shape) for name, shape in keys.items()}, path)
    with pytest.raises(EditError, match=says):
        load(path)


def renamed(weights: dict[str, Tensor], rules: list[tuple[str, str]], begin: str) -> dict[str, Tensor]:
    """The weights by the names of the original code, from the first rule that fits."""
    named = {}
    for name, value in weights.items():
        for pattern, new in rules:
            found, count = re.subn(pattern, new, name)
            if count:
                name = found
        named[begin + name] = value.contiguous()
    return named


RESNET = [(r"\.norm1\.", ".in_layers.0."), (r"\.conv1\.", ".in_layers.2."), (r"\.norm2\.", ".out_layers.0.")]
RESNET += [(r"\.conv2\.", ".out_layers.3."), (r"\.time_emb_proj\.", ".emb_layers.1.")]
RESNET += [(r"\.conv_shortcut\.", ".skip_connection.")]


def unet_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Three levels of one layer, two on the way up, with attention everywhere, as the tiny UNet has them."""
    rules: list[tuple[str, str]] = [(r"^time_embedding\.linear_1", "time_embed.0")]
    rules += [(r"^time_embedding\.linear_2", "time_embed.2"), (r"^conv_in", "input_blocks.0.0")]
    rules += [(r"^conv_norm_out", "out.0"), (r"^conv_out", "out.2")]
    for level in range(3):
        rules += [(rf"^down_blocks\.{level}\.resnets\.0", f"input_blocks.{2 * level + 1}.0")]
        rules += [(rf"^down_blocks\.{level}\.attentions\.0", f"input_blocks.{2 * level + 1}.1")]
        rules += [(rf"^down_blocks\.{level}\.downsamplers\.0\.conv", f"input_blocks.{2 * level + 2}.0.op")]
        for layer in range(2):
            rules += [(rf"^up_blocks\.{level}\.resnets\.{layer}", f"output_blocks.{2 * level + layer}.0")]
            rules += [(rf"^up_blocks\.{level}\.attentions\.{layer}", f"output_blocks.{2 * level + layer}.1")]
        rules += [(rf"^up_blocks\.{level}\.upsamplers\.0", f"output_blocks.{2 * level + 1}.2")]
    rules += [(r"^mid_block\.resnets\.0", "middle_block.0"), (r"^mid_block\.attentions\.0", "middle_block.1")]
    rules += [(r"^mid_block\.resnets\.1", "middle_block.2")]
    resnets = {name: value for name, value in weights.items() if "resnets" in name}
    others = {name: value for name, value in weights.items() if name not in resnets}
    begin = "model.diffusion_model."
    return renamed(resnets, [*rules, *RESNET], begin) | renamed(others, rules, begin)


def vae_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    rules = [(r"conv_shortcut", "nin_shortcut"), (r"conv_norm_out", "norm_out")]
    for level in range(4):
        rules += [(rf"down_blocks\.{level}\.resnets\.", f"down.{level}.block.")]
        rules += [(rf"down_blocks\.{level}\.downsamplers\.0", f"down.{level}.downsample")]
        rules += [(rf"up_blocks\.{level}\.resnets\.", f"up.{3 - level}.block.")]
        rules += [(rf"up_blocks\.{level}\.upsamplers\.0", f"up.{3 - level}.upsample")]
    rules += [(r"mid_block\.resnets\.0", "mid.block_1"), (r"mid_block\.resnets\.1", "mid.block_2")]
    rules += [(r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm")]
    for new, old in (("to_q", "q"), ("to_k", "k"), ("to_v", "v"), (r"to_out\.0", "proj_out")):
        rules += [(rf"mid_block\.attentions\.0\.{new}", f"mid.attn_1.{old}")]
    named = renamed(weights, rules, "first_stage_model.")
    attention = re.compile(r"attn_1\.(q|k|v|proj_out)\.weight")
    return {name: value[..., None, None] if attention.search(name) else value for name, value in named.items()}


def single_file(folder: Path) -> Path:
    """The model of a folder as other programs keep it, in a file beside the folder."""
    parts = {part: load_file(folder / part / f"{name}.safetensors") for part, name in WEIGHTS.items()}
    text = {f"cond_stage_model.transformer.text_model.{name}": value for name, value in parts["text_encoder"].items()}
    file = folder.with_suffix(".safetensors")
    save_file(unet_names(parts["unet"]) | vae_names(parts["vae"]) | text, file)
    return file


class Arriving(TorchDispatchMode):
    """Counts the bytes that come from the CPU to a device without memory."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        made = function(*arguments, **(keywords or {}))
        if function is torch.ops.aten._to_copy.default and made.is_meta and not arguments[0].is_meta:
            self.bytes += made.nbytes
        return made


@pytest.mark.parametrize("kept", [Path, in_half_precision, single_file])
def test_nothing_comes_to_the_device_in_a_precision_that_it_does_not_run_in(
    kept: Callable[[Path], Path], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = kept(folder)
    monkeypatch.setattr(models, "pick_device", lambda _: (torch.device("meta"), torch.bfloat16))
    with Arriving() as arriving:
        model = models.load_model(str(where))
    runs = [tensor for network in model.networks.values() for tensor in (*network.parameters(), *network.buffers())]
    assert arriving.bytes == sum(tensor.nbytes for tensor in runs)
    assert {weight.dtype for weight in model.networks["unet"].parameters()} == {torch.bfloat16}


def test_a_single_file_with_its_configuration_beside_it_is_the_same_model(folder: Path) -> None:
    right, file = load(folder), single_file(folder)
    for part, name in WEIGHTS.items():
        (folder / part / f"{name}.safetensors").unlink()
    whole, model = load_file(file), load(file)
    latents = torch.randn(1, 4, 8, 8)
    seen = [one.predict_noise(latents, 500, one.embed("a red dog")) for one in (model, right)]
    assert torch.equal(*seen)
    assert torch.equal(model.decode(latents), right.decode(latents))
    for begin, part in (("model.diff", "unet"), ("first_stage", "vae"), ("cond_stage", "text_encoder")):
        name = next(name for name in reversed(whole) if name.startswith(begin) and name.endswith("weight"))
        save_file({key: value for key, value in whole.items() if key != name}, file)
        with pytest.raises(EditError, match=f"lacks weights of its {part}|can't be loaded"):
            load(file)


def test_models_of_v_prediction_load_as_before(tmp_path: Path) -> None:
    assert load(save_tiny(tmp_path, "v_prediction")).prediction_type == "v_prediction"
