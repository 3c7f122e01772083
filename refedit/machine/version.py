"""Which code this is: the version, and the commit where it runs from a checkout."""

import subprocess
from pathlib import Path

import refedit


def code_version() -> str:
    """As "0.1.0, commit 1a2b3c4", with "changed" behind it if the code of the checkout is not that commit's.

    Weights, drawings and documents do not count: `ship` has written new ones by the time that it measures.
    """
    commit = _git("rev-parse", "--short", "HEAD")
    if not commit:
        return refedit.__version__
    changed = ", changed" if _git("status", "--porcelain", "--untracked-files=no", "--", "*.py") else ""
    return f"{refedit.__version__}, commit {commit}{changed}"


def _git(*arguments: str) -> str:
    """What git prints in this code's folder, or "" where there is no git or no checkout."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
