"""The command line of the built-in world: `python -m refedit picturebook sheet|examples|train|evaluate`.

What a command needs is imported when it runs, so that help comes at once.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from refedit.errors import EditError
from refedit.picturebook.training.hyperparameters import HYPERPARAMETERS, StageName


def add_commands(commands: Any) -> None:
    """Adds `picturebook` and its actions; a parsed command line's `run` takes it."""
    parser = commands.add_parser("picturebook", help="the built-in world: look at it, train its model, measure it")
    actions = parser.add_subparsers(required=True, metavar="sheet|examples|train|evaluate")
    _add_sheet(actions.add_parser("sheet", help="draw a sheet of random scenes"))
    _add_examples(actions.add_parser("examples", help="draw the page's examples anew, and edit them"))
    _add_train(actions.add_parser("train", help="train the built-in model, or go on training it"))
    _add_evaluate(actions.add_parser("evaluate", help="measure a trained model on unseen scenes"))


def _add_sheet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="SHEET.png")
    parser.add_argument("--kind", choices=("random", "poses", "colours", "backgrounds"), default="random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=128, help="width of one picture in pixels")
    parser.set_defaults(run=draw_sheet)


def _add_examples(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path("examples"), metavar="DIR")
    parser.set_defaults(run=draw_examples)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", choices=tuple(HYPERPARAMETERS), required=True)
    parser.add_argument("--minutes", type=float, required=True, help="the whole plan, drawing the scenes included")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="checkpoints, log, pipeline folder")
    parser.add_argument("--resume", action="store_true", help="go on with the training in --out, up to --minutes")
    begin = "begin with this model's weights, not with random ones: 'picturebook' or a pipeline folder"
    parser.add_argument("--start", metavar="MODEL", help=begin)
    stages = tuple(map(str, StageName))
    parser.add_argument("--stage", choices=stages, help="train only this one, for all of the minutes")
    parser.add_argument("--scenes-folder", type=Path, metavar="DIR", help="where drawn scenes are kept")
    parser.add_argument("--scenes", type=int, help="how many scenes to draw")
    parser.add_argument("--device", default="auto")
    parser.set_defaults(run=train)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="a pipeline folder")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for model.json and sheets")
    parser.add_argument("--scenes", type=int, default=32, help="how many unseen scenes to measure on")
    parser.add_argument("--card", type=Path, nargs="+", metavar="TRAINING", help="write the card, from these folders")
    parser.add_argument("--hardware", default="not recorded", help="what it was trained on, for the model card")
    parser.add_argument("--note", default="", help="what else there is to say about the training, for the model card")
    parser.add_argument("--device", default="auto")
    parser.set_defaults(run=evaluate)


def draw_sheet(options: argparse.Namespace) -> None:
    """Draws scenes side by side into a file."""
    from refedit.picturebook.world import contact_sheet as sheet

    seed, size = options.seed, options.size
    match options.kind:
        case "random":
            picture = sheet.sheet(seed, size, 8, 6)
        case "poses":
            picture = sheet.pose_sheet(seed, size)
        case "colours":
            picture = sheet.colour_sheet(seed, size)
        case _:
            picture = sheet.backdrop_sheet(seed, size)
    picture.save(options.out)


def draw_examples(options: argparse.Namespace) -> None:
    """Writes the page's examples into a folder, with the results that the built-in model gives."""
    from refedit.picturebook.stored_results import write_results
    from refedit.picturebook.world.examples import OWN, shipped_examples, write_examples

    write_examples(shipped_examples(), options.out, OWN)
    write_results(options.out)


def train(options: argparse.Namespace) -> None:
    """Trains, and prints how it stands; EditError if that would overwrite a training."""
    from refedit.picturebook.networks.sizes import SIZES
    from refedit.picturebook.training.plan import training_device
    from refedit.picturebook.training.training import WHOLE_PLAN, Training

    stages = (StageName(options.stage),) if options.stage else WHOLE_PLAN
    if not options.resume:
        _refuse_begun(options.out, stages)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.start:
        _start(options)
    training = Training(
        size=SIZES[options.size],
        minutes=options.minutes,
        folder=options.out,
        device=training_device(options.device),
        stages=stages,
        scenes_folder=options.scenes_folder,
        scenes=options.scenes,
    )
    for event in training.run():
        print(event, flush=True)


def _refuse_begun(folder: Path, stages: Iterable[StageName]) -> None:
    begun = [stage for stage in stages if (folder / f"{stage}.pt").exists()]
    if begun:
        raise EditError(
            f"There is a training of {' and '.join(begun)} in {folder}. Add --resume to go on with it, or name "
            "another folder."
        )


def _start(options: argparse.Namespace) -> None:
    """Takes over the weights of the model that was named; EditError if the training cannot begin with them."""
    from refedit.models import BUILTIN, builtin_folder
    from refedit.picturebook.training.training_folder import TrainingFolder

    if options.stage == StageName.VAE:
        raise EditError("A UNet to begin with knows the latents of its own VAE. Train that one's --stage decoder.")
    model = builtin_folder() if options.start == BUILTIN else Path(options.start)
    TrainingFolder(options.out).start.take(model)


def evaluate(options: argparse.Namespace) -> None:
    """Measures all parts that the model has, and writes the figures and, if asked for, the card."""
    from refedit.diffusion.stable_diffusion import StableDiffusion
    from refedit.picturebook.evaluation.diffusion import measure, unseen
    from refedit.picturebook.evaluation.drawn_well import measure_drawn_well
    from refedit.picturebook.evaluation.figures import table, write_figures
    from refedit.picturebook.evaluation.reader import Asked, measure_reader
    from refedit.picturebook.evaluation.sam import measure_sam, subjects
    from refedit.picturebook.networks.reader import Reader
    from refedit.picturebook.training.model_card import card
    from refedit.picturebook.training.plan import training_device
    from refedit.picturebook.training.provenance import read_provenance
    from refedit.segment.segmenter import Segmenter

    model = StableDiffusion.load(str(options.model), training_device(options.device))
    measured = measure(model, unseen(options.scenes, model.size), options.out).figures()
    asked = Asked.of(model, options.scenes)
    if (options.model / "clip").is_dir():
        reader = Reader.load(options.model, model.device)
        measured += measure_reader(model, reader, asked, options.out).figures()
    if (options.model / "sam").is_dir():
        segmenter = Segmenter.load(options.model / "sam", model.device, always_three=True)
        measured += measure_drawn_well(model, segmenter, asked)
        measured += measure_sam(segmenter, subjects(options.scenes, model.size), options.out).figures()
    write_figures(measured, options.out / "model.json")
    print(table(measured))
    if options.card:
        origin = read_provenance(options.card, options.hardware, options.note)
        (options.model / "README.md").write_text(card(origin, model.size, table(measured)))
