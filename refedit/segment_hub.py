"""SAMs of the Hugging Face hub: facebook/sam-vit-base and others in the same format."""

import re
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from refedit.errors import EditError


def is_hub_id(where: Path) -> bool:
    """Whether it is no file or folder here, and reads as OWNER/NAME."""
    local = where.exists() or where.suffix == ".pth" or where.parent.exists()
    return not local and re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", where.as_posix()) is not None


def downloaded_sam(name: str) -> Path:
    """The folder of a hub id's SAM, downloaded once; EditError if the hub does not give it."""
    try:
        return Path(snapshot_download(name, allow_patterns=["config.json", "model.safetensors"]))
    except (HfHubHTTPError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise EditError(f"The SAM '{name}' can't be had from the Hugging Face hub: {reason}") from error
