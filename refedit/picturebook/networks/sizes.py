"""How large the built-in model's networks are."""

from dataclasses import dataclass

from refedit.segment.sam_network import SamConfig


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the networks are.

    `heads` is the number of attention heads at every level (diffusers calls it attention_head_dim); each has at
    least 32 channels. `text` is (features, layers, heads) of the text tower. `vae` has the channels of every level, and
    each but the first halves the picture's side. `latents` is the number of latent channels: SD has 4, but 16 x 16 of
    them leave too little of a picture (20 dB, as good as a linear map can do). CLIP and SAM may see smaller pictures.
    """

    name: str
    pixels: int
    vae: tuple[int, ...]
    vae_groups: int
    unet: tuple[int, int, int]
    heads: tuple[int, int, int]
    groups: int
    text: tuple[int, int, int]
    sam: SamConfig
    latents: int = 4

    @property
    def latent_grid(self) -> int:
        return self.pixels // 2 ** (len(self.vae) - 1)

    @property
    def word_grid(self) -> int:
        """The UNet's middle grid, whose cross-attention maps tell where a word is."""
        return self.latent_grid // 2


SIZES: dict[str, Size] = {
    size.name: size
    for size in (
        Size(
            name="base",
            pixels=256,
            vae=(32, 64, 128, 128),
            vae_groups=8,
            unet=(64, 96, 128),
            heads=(2, 3, 4),
            groups=32,
            text=(160, 4, 5),
            sam=SamConfig(pixels=256, patch=8, features=128, depth=5, heads=4, window=8, whole=(1, 3, 4), decoder=128),
        ),
        Size(
            name="small",
            pixels=256,
            vae=(8, 16, 32, 64, 128),
            vae_groups=4,
            unet=(48, 80, 96),
            heads=(1, 2, 3),
            groups=16,
            text=(128, 4, 4),
            sam=SamConfig(
                pixels=128,
                patch=8,
                features=128,
                depth=5,
                heads=4,
                window=8,
                whole=(1, 3, 4),
                decoder=64,
                decoder_heads=4,
                decoder_hidden=128,
            ),
            latents=8,
        ),
        Size(
            name="tiny",
            pixels=64,
            vae=(8, 8, 16, 16),
            vae_groups=2,
            unet=(32, 32, 64),
            heads=(1, 1, 2),
            groups=8,
            text=(32, 1, 1),
            sam=SamConfig(
                pixels=64, patch=16, features=32, depth=2, heads=2, window=2, whole=(1,), decoder=32, decoder_heads=2
            ),
        ),
    )
}
