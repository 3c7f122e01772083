"""`refedit serve`: the page in front of a pool of editors, and how that pool is."""

import argparse
from contextlib import ExitStack

from refedit.errors import EditError
from refedit.serving.limits import Limits
from refedit.serving.opening import AUTO, check_installed, end_pool, open_pool, states_at
from refedit.serving.replica import Offer
from refedit.serving.status import status_table


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
    from refedit.serving import cluster
    from refedit.ui.kept_files import kept_files
    from refedit.ui.launching import launch
    from refedit.ui.page import build_page, embeddings_of, launch_options
    from refedit.ui.settings import Settings
    from refedit.ui.waiting_room import waiting_room

    try:
        settings = Settings.from_environment()
    except ValueError as error:
        raise EditError(str(error)) from error
    limits = Limits() if options.gpus_each is None else Limits().with_gpus(options.gpus_each)
    offer = Offer(
        model=settings.model,
        device=settings.device,
        channels_last=settings.channels_last,
        safety_checker=settings.safety_checker,
        limits=limits,
    )
    ready = launch_options(settings)  # first, since models may take minutes to load
    print(f"RefEdit is waiting for editors with the model '{settings.model}'.", flush=True)
    with ExitStack() as opened, ExitStack() as waiting:
        waiting.enter_context(waiting_room(settings))
        pool = opened.enter_context(open_pool(offer, options.address, options.replicas))
        print(f"Ready: {len(pool.states())} editors with the model '{pool.facts.name}'. They tell how they are by:")
        print(f"    python -m refedit serve --status --address {cluster.own_address()}")
        print(f"    {' '.join(cluster.metrics_addresses())}  (for Prometheus)", flush=True)
        janitor = opened.enter_context(kept_files(settings.promise))
        page = build_page(pool, settings, embeddings_of(settings))
        waiting.close()
        launch(page, settings, ready, janitor)
