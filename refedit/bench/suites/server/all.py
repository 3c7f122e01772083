"""Every trial of the server, in the order in which they run."""

from refedit.bench.suites.server import disk, memory

TRIALS = (*disk.TRIALS, *memory.TRIALS)
