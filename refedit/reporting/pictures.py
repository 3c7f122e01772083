"""Pictures as text that a page can hold."""

import base64
import io

from PIL import Image


def data_uri(picture: Image.Image, side: int) -> str:
    """A picture as WebP, `side` pixels at most."""
    small, file = picture.copy(), io.BytesIO()
    small.thumbnail((side, side))
    small.save(file, "WEBP", quality=88)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
