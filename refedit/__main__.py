"""The command line: `refedit COMMAND`, or `python -m refedit COMMAND`."""

import argparse
import sys
from collections.abc import Sequence

from refedit.errors import EditError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0, or 2 after an error whose sentence goes to standard error.

    Such an error is an EditError, or a file or folder of the user's that cannot be read or written.
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except EditError as error:
        print(f"refedit: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.filename is None:
            raise
        print(f"refedit: '{error.filename}' cannot be used: {error.strerror}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("refedit: stopped.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    from refedit.bench import commands as bench
    from refedit.cli import commands as cli
    from refedit.hosting import commands as hosting
    from refedit.picturebook import commands as picturebook
    from refedit.study import commands as study

    parser = argparse.ArgumentParser(prog="refedit", description="Edit pictures with a reference or a sentence.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for folder in (cli, study, picturebook, bench, hosting):
        folder.add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
