"""Opens a pool of editors: on this machine for as long as it is needed, or one that runs already.

For the page, the benchmark and whatever makes many edits; loads ray only then, and says what to install without it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from refedit.errors import EditError
from refedit.serving.replica import Offer

if TYPE_CHECKING:
    from refedit.serving.pool import PoolEditor

MISSING = (
    "Several editors need Ray, which is not installed. Run: pip install -r refedit/serving/requirements.txt "
    '(or pip install "refedit[serve]").'
)


@contextmanager
def open_pool(offer: Offer, address: str = "", replicas: str = "") -> "Iterator[PoolEditor]":
    """A pool for as long as the block lasts; all of it ends with the block if it was started on this machine.

    With an `address`, "auto" or HOST:PORT of a Ray, the pool that runs there; if `replicas` says how many, as "2" or
    "1-4", it is started or changed there, and goes on when the block ends. Raises EditError if that can't be.
    """
    cluster = _cluster()
    if replicas or not address:
        offer = replace(offer, limits=offer.limits.with_replicas(replicas or "1"))
    from refedit.serving.pool import PoolEditor

    with cluster.connected(address, offer):
        reached = cluster.deploy(offer) if replicas or not address else cluster.join(address)
        with PoolEditor(reached) as pool:
            yield pool


def pool_at(where: str, offer: Offer) -> "contextlib.AbstractContextManager[PoolEditor]":
    """By one text: "2" starts so many replicas on this machine, anything else is the address of a pool."""
    number = re.fullmatch(r"\d+(-\d+)?", where)
    return open_pool(offer, replicas=where) if number else open_pool(offer, address=where)
