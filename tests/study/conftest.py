"""Studies that are open in the test's own process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from refedit.study.running import Study, open_study
from refedit.study.ship import Bucket
from tests.study.made_up import write_study
from tests.study.server import ADMIN

SHIPPED = {"bucket": "owner/name", "every": "3600s"}
SECRETS = {"STUDY_DONE": "CODE-D", "STUDY_NO": "CODE-N", "STUDY_OUT": "CODE-O"}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """Opens studies, and ends their threads."""
    studies = []

    def open_one(folder: Path = tmp_path, cloud: Bucket | None = None, **changes: Any) -> Study:
        if not (folder / "study.yaml").exists():
            write_study(folder, **({"ship": SHIPPED} if cloud else {}) | changes)
        studies.append(open_study(folder, {"REFEDIT_STUDY_ADMIN": ADMIN, **SECRETS}, cloud))
        return studies[-1]

    yield open_one
    for study in studies:
        study.close()
