"""The command `refedit space`: the front matter of README.md, and a Space made from this checkout.

Heavy imports happen inside the commands, so that `--help` answers at once.
"""

from argparse import Namespace
from pathlib import Path
from typing import Any

from refedit.errors import EditError
from refedit.hosting.space import ROOT, Spacefile, read_spacefile, with_front_matter
from refedit.machine.strict_yaml import read_utf8


def add_commands(commands: Any) -> None:
    """Adds `space` to a parser's commands."""
    parser = commands.add_parser("space", help="send this checkout to a Hugging Face Space; its Spacefile")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write README.md's front matter from the Spacefile")
    action.add_argument("--check", action="store_true", help="fail if README.md's front matter differs from it")
    action.add_argument("--deploy", metavar="OWNER/NAME", help="make this Space, or bring it up to date")
    parser.add_argument("--hardware", help="with --deploy: other hardware than the Spacefile's, such as cpu-basic")
    parser.add_argument("--study", type=Path, metavar="DIR", help="with --deploy: send this study and serve it, too")
    parser.add_argument(
        "--variable",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="with --deploy: a variable of the Spacefile, as often as needed",
    )
    parser.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="NAME",
        help="with --deploy: an environment variable to send as a secret; no others are sent",
    )
    parser.add_argument("--private", action="store_true", help="with --deploy: a new Space is seen by its owner only")
    parser.add_argument("--dry-run", action="store_true", help="with --deploy: check everything and print each call")
    parser.set_defaults(run=run)


def run(options: Namespace, root: Path = ROOT) -> None:
    """Runs `space` in a checkout; EditError if something does not hold, or without a checkout."""
    described, readme = root / "Spacefile", root / "README.md"
    if not described.is_file():
        raise EditError(f"There is no Spacefile in '{root}'. Run this in a checkout: an installed copy has none.")
    space = read_spacefile(read_utf8(described))
    if options.deploy is not None:
        _check(space, readme)
        _deploy(space, root, options)
    elif options.write:
        readme.write_text(with_front_matter(read_utf8(readme), space), "utf-8")
        print("README.md: front matter written.")
    else:
        _check(space, readme)
        print("README.md: front matter is that of the Spacefile.")


def _check(space: Spacefile, readme: Path) -> None:
    before = read_utf8(readme)
    if before != with_front_matter(before, space):
        raise EditError("README.md's front matter is not the Spacefile's. Run: python -m refedit space --write")


def _deploy(space: Spacefile, root: Path, options: Namespace) -> None:
    from refedit.hosting.deployment import planned
    from refedit.hosting.hub import deploy, rehearse

    deployment = planned(
        space,
        root,
        name=options.deploy,
        hardware=options.hardware,
        study=options.study,
        variables=options.variable,
        secrets=options.secret,
        private=options.private,
    )
    for line in rehearse(deployment) if options.dry_run else deploy(deployment):
        print(line, flush=True)
