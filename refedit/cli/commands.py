"""The commands that are no other folder's: `refedit edit | segment | serve | models | methods | ship`.

Heavy imports happen inside the commands, so that `--help` answers at once.
"""

import argparse
from pathlib import Path
from typing import Any


def add_commands(commands: Any) -> None:
    """Adds the commands to a parser's; a parsed command line's `run` takes it."""
    _add_edit(commands)
    _add_segment(commands)
    _add_serve(commands)
    models = commands.add_parser("models", help="list the models that can be used")
    models.set_defaults(run=_models)
    methods = commands.add_parser("methods", help="list the methods with their presets and parameters")
    methods.set_defaults(run=_methods)
    _add_ship(commands)


def _add_edit(commands: Any) -> None:
    edit = commands.add_parser("edit", help="edit one picture")
    edit.add_argument("--method", required=True, help="the name of a method; `refedit methods` lists them")
    edit.add_argument("--source", type=Path, required=True, help="the picture to edit (PNG, JPEG or WebP)")
    edit.add_argument("--prompt", required=True, help="the picture you want, in words")
    edit.add_argument("--source-prompt", default="", help="the source as it is, for methods that need it")
    edit.add_argument("--region", type=Path, help="mask of where to edit: white or opaque, of the source's size")
    edit.add_argument("--find-region", metavar="WORD", default="", help="in place of --region: its word in the source")
    edit.add_argument("--reference", type=Path, help="the picture to take something from, for methods that need one")
    edit.add_argument("--subject", type=Path, help="mask of what to take from it; default: its middle square")
    edit.add_argument(
        "--find-subject", metavar="WORD", default="", help="in place of --subject: its word in the reference"
    )
    edit.add_argument("--reference-prompt", default="", help="text of the reference's inversion; default: empty")
    edit.add_argument("--preset", help="the name of a preset of the method; default: its first")
    edit.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any parameter of the method, as often as needed",
    )
    edit.add_argument("--model", default="picturebook", help="a listed model, a folder, a hub id or a file")
    edit.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    edit.add_argument("--out", type=Path, required=True, help="the PNG to write")
    edit.set_defaults(run=_edit)


def _add_segment(commands: Any) -> None:
    segment = commands.add_parser("segment", help="make a mask from clicks, a box or a word with Segment Anything")
    segment.add_argument("--image", type=Path, required=True, help="the picture (PNG, JPEG or WebP)")
    segment.add_argument("--click", action="append", default=[], metavar="X,Y[,-]", help="a pixel; ,- excludes it")
    segment.add_argument("--box", metavar="L,T,R,B", help="left, top, right and bottom of a box around the thing")
    segment.add_argument("--word", default="", help="in place of clicks and a box: a word for the thing")
    segment.add_argument("--sentence", default="", help="what the picture shows, with the word in it")
    segment.add_argument("--model", default="picturebook", help="which model finds the word; as for edit")
    segment.add_argument("--checkpoint", type=Path, help="sam_vit_b_01ec64.pth or a SAM's folder; default: built in")
    segment.add_argument("--device", default="auto")
    segment.add_argument("--out", type=Path, required=True, help="the mask to write, white inside")
    segment.set_defaults(run=_segment)


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser("serve", help="the page before several editors, on one machine or many (needs Ray)")
    serve.add_argument("--replicas", default="", metavar="N", help="how many editors; 1-4 follows the load; default: 1")
    serve.add_argument(
        "--gpus-each", type=float, metavar="G", help="GPUs of each, such as 0.5; default: 1 where one is"
    )
    serve.add_argument(
        "--address", default="", help="HOST:PORT of a running Ray, or auto; without --replicas, joins the pool there"
    )
    does = serve.add_mutually_exclusive_group()
    does.add_argument("--status", action="store_true", help="only tell how the editors of a running pool are")
    does.add_argument("--stop", action="store_true", help="only end a pool that was started at an address")
    serve.set_defaults(run=_serve)


def _add_ship(commands: Any) -> None:
    ship = commands.add_parser("ship", help="make trained networks the built-in model, and measure them")
    ship.add_argument("training", type=Path, nargs="*", help="folders of `picturebook train`, the pipeline's first")
    ship.add_argument("--out", type=Path, required=True, metavar="DIR", help="for measurements and sheets")
    ship.add_argument("--cases", type=int, default=100, help="cases of every kind of edit")
    ship.add_argument(
        "--evidence", type=int, default=0, metavar="N", help="run the benchmark too, on N cases (hours on a CPU)"
    )
    ship.add_argument("--hardware", default="not recorded", help="what it was trained on, for the model card")
    ship.add_argument("--note", default="", help="what else there is to say about the training, for the model card")
    ship.set_defaults(run=_ship)


def _ship(options: argparse.Namespace) -> None:
    from refedit.cli.ship import run_ship

    run_ship(options)


def _edit(options: argparse.Namespace) -> None:
    from refedit.cli.edit import run_edit

    run_edit(options)


def _segment(options: argparse.Namespace) -> None:
    from refedit.cli.segment import run_segment

    run_segment(options)


def _serve(options: argparse.Namespace) -> None:
    from refedit.cli.serve import run_serve

    run_serve(options)


def _models(options: argparse.Namespace) -> None:
    from refedit.models import AUTO, BUILTIN, CARDS, ON_A_GPU

    for card in CARDS:
        print(f"{card.name}\n    {card.title}: {card.purpose}\n    Memory: {card.memory}\n    Licence: {card.licence}")
    print(f"{AUTO}\n    {ON_A_GPU} where a GPU is, {BUILTIN} elsewhere.")
    print("FOLDER, HUB_ID or FILE")
    print(
        "    Any Stable Diffusion 1.x or 2.x model with safetensors weights, in diffusers format or as a single file."
    )


def _methods(options: argparse.Namespace) -> None:
    from refedit.methods import METHODS, parameters_of

    for method in METHODS.values():
        print(f"{method.name}\n    {method.title}: {method.summary}\n    Presets: {', '.join(method.presets())}")
        for parameter in parameters_of(method):
            print(f"    --set {parameter.name}={parameter.default}\n        {parameter.label}. {parameter.help}")
