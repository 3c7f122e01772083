"""How the page is served: read once, from environment variables."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from refedit.keeping.promise import Promise


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the page listens, which model edits, and where the examples lie.

    REFEDIT_HOST and REFEDIT_PORT: the address (127.0.0.1:7860; 0.0.0.0 opens it to the network). Where only
    GRADIO_SERVER_NAME and GRADIO_SERVER_PORT are set, as on a Hugging Face Space, those are.
    REFEDIT_HOSTS: names, with commas between, by which the page answers beside this machine's own; a page that listens
    to other machines, too, answers to every name unless there are some.
    REFEDIT_MODEL: "picturebook", a hub id or a folder of a Stable Diffusion 1.x or 2.x checkpoint; or "auto", which is
    Stable Diffusion 1.5 where a GPU is and the built-in model elsewhere.
    REFEDIT_DEVICE: "auto", "cpu", "cuda", "mps".
    REFEDIT_CHANNELS_LAST: "auto" measures at start whether a GPU is quicker so, 1 and 0 decide it.
    REFEDIT_SAFETY_CHECKER: 1 hides what the model's own safety checker finds, if it has one; "auto" does on a Space.
    REFEDIT_SAM: "picturebook", a folder or hub id of a SAM, or the file of an official checkpoint, whose name holds
    vit_b, vit_l or vit_h.
    REFEDIT_MCP: 1 offers the two endpoints as tools to language models, by the Model Context Protocol.
    REFEDIT_KEEP_MINUTES and REFEDIT_QUOTA_MB: how long visitors' files are kept, and how much room all have together.
    REFEDIT_EXAMPLES: a folder with examples.json; the project's own by default.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    names: tuple[str, ...] = ()
    model: str = "picturebook"
    device: str = "auto"
    channels_last: bool | None = None
    safety_checker: bool = False
    sam: str = "picturebook"
    mcp: bool = False
    promise: Promise = Promise()
    examples: Path = Path(__file__).parents[2] / "examples"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """The settings that the environment asks for; ValueError if the port is no port or a switch not 0 or 1."""
        on_a_space = "SPACE_ID" in environment
        return cls(
            # A Space says with Gradio's own variables where the page must be reachable from outside its container.
            host=environment.get("REFEDIT_HOST") or environment.get("GRADIO_SERVER_NAME", cls.host),
            port=_port(environment),
            names=tuple(name.strip() for name in environment.get("REFEDIT_HOSTS", "").split(",") if name.strip()),
            model=environment.get("REFEDIT_MODEL", cls.model),
            device=environment.get("REFEDIT_DEVICE", cls.device),
            channels_last=_chosen("REFEDIT_CHANNELS_LAST", environment),
            safety_checker=on_a_space if (safe := _chosen("REFEDIT_SAFETY_CHECKER", environment)) is None else safe,
            sam=environment.get("REFEDIT_SAM", cls.sam),
            mcp=_switched("REFEDIT_MCP", environment),
            promise=_promise(environment),
            examples=Path(environment.get("REFEDIT_EXAMPLES", cls.examples)),
        )


def _port(environment: Mapping[str, str]) -> int:
    name = "GRADIO_SERVER_PORT" if "REFEDIT_PORT" not in environment else "REFEDIT_PORT"
    port = environment.get(name, str(Settings.port))
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{name} is '{port}', but has to be a number between 1 and 65535.")
    return int(port)


def _promise(environment: Mapping[str, str]) -> Promise:
    usual = Promise()
    minutes = _number("REFEDIT_KEEP_MINUTES", environment, usual.keep / 60)
    megabytes = _number("REFEDIT_QUOTA_MB", environment, usual.quota >> 20)
    return Promise(keep=60 * minutes, quota=round(megabytes * (1 << 20)))


def _number(name: str, environment: Mapping[str, str], usual: float) -> float:
    value = environment.get(name, str(usual))
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise ValueError(f"{name} is '{value}', but has to be a number above 0.")
    return number


def _chosen(name: str, environment: Mapping[str, str]) -> bool | None:
    """None for "auto"."""
    value = environment.get(name, "auto")
    if value not in ("auto", "0", "1"):
        raise ValueError(f"{name} is '{value}', but has to be auto, 0 or 1.")
    return None if value == "auto" else value == "1"


def _switched(name: str, environment: Mapping[str, str]) -> bool:
    value = environment.get(name, "0")
    if value not in ("0", "1"):
        raise ValueError(f"{name} is '{value}', but has to be 0 or 1.")
    return value == "1"
