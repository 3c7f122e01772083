"""How many CPU threads a network computes with."""

from functools import cache

import torch

SMALL = 2048
"""Latents' cells, over all rows of a call, up to which one thread computes."""


def use_threads(rows: int, grid: int) -> None:
    """Sets the calling thread's number for a call with `rows` latents (or SAM's features) of `grid` x `grid` cells.

    Our choice, measured with the built-in model on two cores: a second thread makes its edits no faster, and ten
    times slower while a browser or another edit takes a core, since waiting threads spin. PyTorch's number is the
    calling thread's own, and the steps of an edit may come from several, so it is set where a network is called.
    """
    every = all_threads()  # asked for before anything is set
    wanted = 1 if rows * grid**2 <= SMALL else every
    if torch.get_num_threads() != wanted:  # setting it, even to the same, would empty caches of compiled kernels
        torch.set_num_threads(wanted)


@cache
def all_threads() -> int:
    """What PyTorch takes by itself: as many as there are cores, or OMP_NUM_THREADS."""
    return torch.get_num_threads()
