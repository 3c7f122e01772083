"""Clutter: textured shapes that overlap, so that a SAM learns edges and not only the drawn world.

Our choice; knows nothing about scenes but that their pictures make good textures.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFilter

from refedit.picturebook.dataset.part_masks import PartMasks, subjects_in
from refedit.picturebook.world.drawing import SECOND

OUTSIDE = 255
"""The number of what lies outside a picture that is not square."""
_GREY = (124, 116, 104)
Plane = UInt8[np.ndarray, "side side"]
Texture = Float[np.ndarray, "side side 3"]


@dataclass(frozen=True)
class Clutter:
    """A picture, and the number of each pixel's shape: 0 the ground, then from back to front; OUTSIDE is no picture."""

    picture: UInt8[np.ndarray, "side side 3"]
    parts: Plane


def clutter(rng: np.random.Generator, side: int, pictures: UInt8[np.ndarray, "count side side 3"]) -> Clutter:
    """Two to seven shapes on a ground. One in three stands for a picture that is not square: the rest of it is grey."""
    picture, parts = _texture(rng, side, pictures), np.zeros((side, side), np.uint8)
    for number in range(1, int(rng.integers(3, 9))):
        cover = _cover(rng, side)
        picture += (_texture(rng, side, pictures) - picture) * (cover[..., None] / np.float32(255))
        parts[cover > 127] = number
    if rng.random() < 0.4:
        picture += rng.normal(0, rng.uniform(2, 12), picture.shape).astype(np.float32)
    soft = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
    if rng.random() < 0.4:
        soft = soft.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
    return _cropped(rng, np.array(soft), parts)


def outline(rng: np.random.Generator) -> Float[np.ndarray, "points 2"]:
    """A closed line around the origin, about 1 from it: an ellipse, a blob or a polygon."""
    corners = int(rng.integers(3, 8)) if rng.random() < 0.4 else 48
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners)) if corners < 48 else np.linspace(0, 2 * np.pi, corners)
    radius = np.ones(corners)
    if corners == 48 and rng.random() < 0.6:
        waves = np.arange(2, 6)
        strength = rng.normal(0, 0.5, (4, 1)) / waves[:, None]
        radius += (strength * np.cos(waves[:, None] * angles + rng.uniform(0, 2 * np.pi, (4, 1)))).sum(0)
    return np.stack([np.cos(angles), np.sin(angles)], 1) * radius.clip(0.25)[:, None]


def _cover(rng: np.random.Generator, side: int) -> Plane:
    size = side * np.exp(rng.uniform(np.log(0.05), np.log(0.45))) * rng.uniform(0.5, 1.0, 2)
    turn = rng.uniform(0, np.pi)
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = (outline(rng) * size) @ turned + rng.uniform(0, side, 2)
    mask = Image.new("L", (2 * side, 2 * side))
    ImageDraw.Draw(mask).polygon((2 * points).ravel().tolist(), fill=255)
    return np.asarray(mask.reduce(2))


def _texture(rng: np.random.Generator, side: int, pictures: UInt8[np.ndarray, "count side side 3"]) -> Texture:
    """A colour with a slope of light and, by chance, clouds, stripes or a piece of a drawn picture over it."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    slope = rng.normal(0, 22, 2).astype(np.float32)
    plane = (slope[0] * axis[:, None] + slope[1] * axis)[..., None] + rng.uniform(20, 235, 3).astype(np.float32)
    match int(rng.integers(0, 5)):
        case 0:
            plane = plane + _clouds(rng, side)
        case 1:
            turn, period = rng.uniform(0, np.pi), rng.uniform(0.05, 0.3)
            waves = np.sin(2 * np.pi / period * (np.cos(turn) * axis[:, None] + np.sin(turn) * axis))
            plane = plane + np.sign(waves)[..., None].astype(np.float32) * rng.normal(0, 30, 3).astype(np.float32)
        case 2:
            piece = pictures[int(rng.integers(len(pictures)))]
            plane = np.roll(piece, rng.integers(0, side, 2).tolist(), (0, 1)).astype(np.float32)
        case _:
            pass
    return plane.astype(np.float32)


def _clouds(rng: np.random.Generator, side: int) -> Texture:
    total = np.zeros((side, side, 3), np.float32)
    for cells in (3, 8, 24, 64):
        noise = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), np.uint8))
        total += np.asarray(noise.resize((side, side), Image.Resampling.BILINEAR), np.float32) - 127.5
    return total * np.float32(rng.uniform(0.05, 0.35))


def _cropped(rng: np.random.Generator, picture: UInt8[np.ndarray, "side side 3"], parts: Plane) -> Clutter:
    if rng.random() < 0.33:
        length = int(len(parts) * rng.uniform(0.5, 0.95))
        part = np.s_[length:] if rng.random() < 0.5 else np.s_[:, length:]
        picture[part], parts[part] = _GREY, OUTSIDE
    return Clutter(picture, parts)


Picture = UInt8[np.ndarray, "height width 3"]
THIRD = 2 * SECOND
"""Added to the numbers of a subject that was put in."""


def collage(
    rng: np.random.Generator, picture: Picture, parts: PartMasks, other: Picture, others: PartMasks
) -> tuple[Picture, PartMasks]:
    """A square picture that gets the other's main subject, as large or smaller, before or behind its own subjects."""
    side = len(picture)
    size = int(side * rng.uniform(0.35, 1.0))
    piece = np.asarray(Image.fromarray(other).resize((size, size), Image.Resampling.BILINEAR))
    numbers = np.asarray(Image.fromarray(others).resize((size, size), Image.Resampling.NEAREST))
    left, top = (int(rng.integers(-size // 3, side - 2 * size // 3)) for _ in range(2))
    there = np.s_[max(top, 0) : top + size, max(left, 0) : left + size]
    made, made_parts = picture.copy(), parts.copy()
    height, width = made_parts[there].shape
    part = np.s_[max(-top, 0) :, max(-left, 0) :]
    piece, numbers = piece[part][:height, :width], numbers[part][:height, :width]
    mask = subjects_in(numbers)[0] if (numbers > 0).any() else numbers > 0
    if rng.random() < 0.5:
        mask = mask & (made_parts[there] == 0)
    made[there][mask], made_parts[there][mask] = piece[mask], numbers[mask] % SECOND + THIRD
    return made, made_parts
