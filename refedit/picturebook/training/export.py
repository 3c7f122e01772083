"""What a training hands out while it runs: the pipeline folder, and pictures of what its network can draw by then."""

import copy

from transformers import CLIPTokenizer

from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.picturebook.dataset.scenes import to_image
from refedit.picturebook.evaluation.samples import draw_pictures, unseen_captions
from refedit.picturebook.networks import diffusion as networks
from refedit.picturebook.networks.sizes import Size
from refedit.picturebook.networks.vocabulary import piece_ids
from refedit.picturebook.training.training_folder import TrainingFolder
from refedit.picturebook.training.unet import TextAndUnet
from refedit.picturebook.world import captions


def export(kept: TrainingFolder, size: Size, network: TextAndUnet, tokenizer: CLIPTokenizer, step: int) -> None:
    """Draws unseen captions with the network as it is, and writes the pipeline folder, the folder's own VAE in it."""
    ready = copy.deepcopy(network).eval()
    embedding = ready.text.get_input_embeddings().weight.data  # type: ignore[union-attr]
    # Pieces of unknown words were never trained: they shall mean as little as the unknown token.
    embedding[list(piece_ids(tokenizer, captions.words()))] = embedding[tokenizer.unk_token_id].clone()
    vae = kept.trained_vae(size)[0].to(ready.unet.device)
    pipeline = networks.build_pipeline(vae, ready.unet, ready.text, tokenizer)
    model = StableDiffusion(pipeline, "picturebook")
    kept.progress.mkdir(exist_ok=True)
    to_image(draw_pictures(model, unseen_captions(24)), 8).save(kept.progress / f"unet-{step:06d}.png")
    networks.save_pipeline(pipeline, kept.pipeline)
