"""`refedit serve`: the page in front of a pool of editors, and how that pool is."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from refedit.errors import EditError
from refedit.serving.limits import Limits
from refedit.serving.opening import AUTO, check_installed, end_pool, open_pool, states_at
from refedit.serving.replica import Offer
from refedit.serving.status import status_table

if TYPE_CHECKING:
    from refedit.editing.service import EditingService
    from refedit.segment.embedding_cache import EmbeddingCache
    from refedit.ui.settings import Settings


def run_serve(options: argparse.Namespace) -> None:
    """Does what the command line asks; raises EditError for everything that is wrong with it."""
    check_installed()
    if options.status:
        print(status_table(states_at(options.address or AUTO)))
    elif options.stop:
        end_pool(options.address or AUTO)
        print("The pool has ended.")
    else:
        _serve(options)


def _serve(options: argparse.Namespace) -> None:
    from refedit.study.serving import serve_page
    from refedit.ui.launching import leave
    from refedit.ui.settings import Settings

    try:
        settings = Settings.from_environment()
    except ValueError as error:
        raise EditError(str(error)) from error
    print(f"RefEdit is waiting for editors with the model '{settings.model}'.", flush=True)
    serve_page(settings, lambda room: _opened(options, settings))
    leave()


@contextmanager
def _opened(options: argparse.Namespace, settings: "Settings") -> Iterator[tuple["EditingService", "EmbeddingCache"]]:
    """The pool, which says how it can be watched, and the segmenter of the page's own process."""
    from refedit.serving import cluster
    from refedit.ui.page import embeddings_of

    limits = Limits() if options.gpus_each is None else Limits().with_gpus(options.gpus_each)
    offer = Offer(
        model=settings.model,
        device=settings.device,
        channels_last=settings.channels_last,
        safety_checker=settings.safety_checker,
        limits=limits,
    )
    with open_pool(offer, options.address, options.replicas) as pool:
        print(f"Ready: {len(pool.states())} editors with the model '{pool.facts.name}'. They tell how they are by:")
        print(f"    python -m refedit serve --status --address {cluster.own_address()}")
        print(f"    {' '.join(cluster.metrics_addresses())}  (for Prometheus)", flush=True)
        yield pool, embeddings_of(settings)
