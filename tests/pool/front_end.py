"""By python -m tests.pool.front_end ADDRESS: a front end that joins a pool, begins an endless edit, and says so."""

import sys

from refedit.editing.editor import WAITING
from refedit.editing.request import Progress
from refedit.serving.opening import open_pool
from refedit.serving.replica import Offer
from tests.pool.work import endless


def main() -> None:
    with open_pool(Offer(), address=sys.argv[1]) as pool:
        for event in pool.edit(endless()):
            if isinstance(event, Progress) and event.stage != WAITING:
                print("begun", flush=True)


if __name__ == "__main__":
    main()
