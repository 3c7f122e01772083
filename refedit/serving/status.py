"""What is told of a pool: a table of its replicas, as text."""

from collections.abc import Sequence

from refedit.serving.replica import ReplicaState

HEAD = ("replica", "machine", "process", "runs", "waits", "last minute", "edits", "seconds each")


def status_table(states: Sequence[ReplicaState]) -> str:
    """A row for each replica and one for all of them; then, why a replica can't edit, where one can't."""
    rows = [_row(state) for state in sorted(states, key=lambda state: (state.node, state.replica))]
    sums = [sum(getattr(state, name) for state in states) for name in ("running", "waiting", "last_minute", "edits")]
    rows.append(("all", f"machines: {len({state.node for state in states})}", "-", *map(str, sums), "-"))
    widths = [max(len(row[place]) for row in (HEAD, *rows)) for place in range(len(HEAD))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (HEAD, *rows)]
    return "\n".join([*lines, *(f"{state.replica}: {state.failure}" for state in states if state.failure)])


def _row(state: ReplicaState) -> tuple[str, ...]:
    counts = (state.running, state.waiting, state.last_minute, state.edits)
    return (
        state.replica,
        state.node,
        str(state.process),
        *map(str, counts),
        f"{state.seconds:.1f}" if state.seconds else "-",
    )
