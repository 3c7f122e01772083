"""A prepared request as a method's task: its pictures as latents, each encoded once, its masks on the device."""

from PIL import Image
from torch import Tensor

from refedit.edit import EditRequest
from refedit.images import to_tensor
from refedit.inversion import Inverter
from refedit.masks import Mask
from refedit.memory import Memory, content_key
from refedit.methods.task import Task
from refedit.preparation import Prepared
from refedit.stable_diffusion import StableDiffusion
from refedit.watched import WatchedModel


def task_of(
    request: EditRequest, prepared: Prepared, model: StableDiffusion, watched: WatchedModel, memory: Memory
) -> Task:
    """What the request's method is given; latents that `memory` holds are not encoded again."""
    return Task(
        inverter=Inverter(watched, memory),
        source=_encoded(model, memory, prepared.source),
        prompt=request.prompt,
        source_prompt=request.source_prompt,
        region=prepared.region.to_tensor().to(model.device) if prepared.region else None,
        reference=_encoded(model, memory, prepared.reference) if prepared.reference else None,
        reference_prompt=request.reference.prompt if request.reference else "",
        subject=prepared.subject.to_tensor().to(model.device) if prepared.subject else None,
    )


def soft_region(region: Mask, prepared: Prepared) -> Mask:
    """A painted region as it is pasted back: its edge falls off inside, so that nothing outside it changes."""
    return region.feather(max(1.0, prepared.square.side / 128))


def _encoded(model: StableDiffusion, memory: Memory, picture: Image.Image) -> Tensor:
    pixels = to_tensor(picture)
    key = content_key("latents", pixels)
    known: Tensor | None = memory.get(key)
    if known is None:
        known = model.encode(pixels)
        memory.put(key, known)
    return known
