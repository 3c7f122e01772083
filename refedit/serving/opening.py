"""Opens pools of editors, and tells how they are; loads ray only then, and says what to install without it.

For the page, the benchmark and whatever else makes many edits.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from refedit.errors import EditError
from refedit.serving.replica import Offer, ReplicaState

if TYPE_CHECKING:  # by its full name, which the checks of types in the tests can resolve without this import
    import refedit.serving.pool

AUTO = "auto"
"""The address that stands for the Ray of this machine."""
MISSING = (
    "Several editors need Ray, which is not installed. Run: pip install -r refedit/serving/requirements.txt "
    '(or pip install "refedit[serve]").'
)


def check_installed() -> None:
    """Nothing where Ray is installed, else an EditError."""
    if find_spec("ray") is None:
        raise EditError(MISSING)


@contextmanager
def open_pool(offer: Offer, address: str = "", replicas: str = "") -> "Iterator[refedit.serving.pool.PoolEditor]":
    """A pool for as long as the block lasts; one that was started on this machine ends with it.

    `address` is "auto" or the HOST:PORT of a Ray, whose pool is joined; if `replicas` ("2", or "1-4" for a number that
    follows the load) is given too, that pool is started or changed, and goes on after the block. Raises EditError if
    something is in the way.
    """
    check_installed()
    from refedit.serving import cluster
    from refedit.serving.pool import PoolEditor

    starts = bool(replicas) or not address
    if starts:
        offer = replace(offer, limits=offer.limits.with_replicas(replicas or "1"))
    with cluster.connected(address, offer):
        with PoolEditor(cluster.deploy(offer) if starts else cluster.join(address)) as pool:
            yield pool


def pool_at(where: str, offer: Offer) -> "AbstractContextManager[refedit.serving.pool.PoolEditor]":
    """By one text: "2" starts so many replicas on this machine, anything else is the address of a pool."""
    number = re.fullmatch(r"\d+(-\d+)?", where)
    return open_pool(offer, replicas=where) if number else open_pool(offer, address=where)


def states_at(address: str) -> list[ReplicaState]:
    """How the replicas of a pool are; EditError if there is no pool at the address."""
    with open_pool(Offer(), address=address) as pool:
        return pool.states()


def end_pool(address: str) -> None:
    """Ends a pool once its edits are done; EditError if there is no Ray at the address."""
    check_installed()
    from refedit.serving import cluster

    with cluster.connected(address, Offer()):
        cluster.join(address)
        cluster.end()
