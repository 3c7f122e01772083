"""Every trial of the server, in the order in which they run."""

from refedit.bench.suites.server import disk, hub, memory, waiting, wire

TRIALS = (*disk.TRIALS, *memory.TRIALS, *waiting.TRIALS, *wire.TRIALS, *hub.TRIALS)
