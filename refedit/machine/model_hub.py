"""Whether the Hugging Face hub gives a model: asked once before a download, so that what is wrong is said soon.

The hub's own client tries again for minutes and then says the same of many troubles.
"""

from collections.abc import Callable
from typing import TypeVar

from refedit.errors import EditError

PATIENCE = 8.0
"""Seconds for which the hub's answer is waited for."""
CONFIGS = ("model_index.json", "config.json")
"""One of these is in every repository that was downloaded."""
Made = TypeVar("Made")

SAID = {
    401: "The hub gives '{}' only to whoever is logged in, or has no such model. Check the name, or run: hf auth login",
    403: "The hub does not let you have '{}'. Accept its licence on its page there, and log in with: hf auth login",
    404: "The hub has no model '{}'. Check the name.",
    429: "The hub has had too many requests from here and does not give '{}' just now. It is asked again.",
}
BROKEN = "The hub cannot answer just now ({1}), so '{0}' is not loaded yet. It is asked again."
SILENT = "The hub does not answer, so '{}' is not loaded yet. It is asked again; check your network."


class HubTrouble(EditError):
    """The hub does not give a model; `passing` troubles may be over in a minute."""

    def __init__(self, sentence: str, passing: bool) -> None:
        super().__init__(sentence)
        self.passing = passing


def from_hub(name: str, load: Callable[[], Made]) -> Made:
    """What `load` makes of a model's files on the hub; `HubTrouble` if it is the hub that keeps it from that.

    The hub is not asked for what was downloaded before, nor where it is not to be asked at all.
    """
    if not _known(name):
        _ask(name)
    try:
        return load()
    except EditError:
        if not _known(name):
            _ask(name)
        raise


def _known(name: str) -> bool:
    from huggingface_hub import constants, try_to_load_from_cache

    if constants.HF_HUB_OFFLINE:
        return True
    return any(isinstance(try_to_load_from_cache(name, config), str) for config in CONFIGS)


def _ask(name: str) -> None:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError

    try:
        HfApi().model_info(name, timeout=PATIENCE)
    except HfHubHTTPError as error:
        raise _trouble(name, error.response.status_code) from error
    except HFValidationError as error:
        raise EditError(f"'{name}' is no file or folder here, and no name of a model on the hub.") from error
    except (HTTPError, OSError) as error:  # the first of the client that huggingface_hub itself uses
        raise HubTrouble(SILENT.format(name), passing=True) from error


def _trouble(name: str, status: int) -> HubTrouble:
    sentence = SAID.get(status, BROKEN).format(name, status)
    return HubTrouble(sentence, passing=status == 429 or status >= 500)
