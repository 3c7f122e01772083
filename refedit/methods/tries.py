"""Several tries of one edit: other seeds where something is random, else other strengths.

BARET and an unpainted SpecRef edit draw nothing at random: the picture's own noise is found by inversion, so that the
same request gives the same picture. Only how strongly they edit can honestly be varied.
"""

from collections.abc import Sequence

from refedit.methods.method import Kind, Method
from refedit.methods.parameters import Parameter, parameters_of, values_of, with_values

MOST = 4
"""Tries of one request at most: as many strengths as there are."""
_SHARES = (1.0, 0.8, 1.2, 0.6)
"""The strengths of tries where nothing is random, as parts of the chosen one (our choice)."""


def tries(method: Kind, count: int, painted: bool) -> Sequence[Kind]:
    """So many variants of a method, the method as it is first."""
    if method.draws_by_lot(painted):
        highest, seed = parameter_named(type(method), "seed").high, values_of(method)["seed"]
        assert highest is not None
        return [with_values(method, {"seed": int((seed + add) % (highest + 1))}) for add in range(count)]
    strength = strength_of(type(method))
    chosen = values_of(method)[strength.name]
    varied = (_within(strength, chosen * share) for share in _SHARES)
    return [with_values(method, {strength.name: value}) for value in dict.fromkeys([chosen, *varied])][:count]


def strength_of(kind: type[Method]) -> Parameter:
    """The parameter of a method that says how strongly it edits; TypeError if its author named none, or several."""
    found = [item for item in parameters_of(kind) if item.strength]
    if len(found) != 1:
        raise TypeError(f"{kind.__name__} needs one parameter with strength=True, and has {len(found)}.")
    return found[0]


def parameter_named(kind: type[Method], name: str) -> Parameter:
    """The parameter of this name; KeyError if there is none."""
    return {item.name: item for item in parameters_of(kind)}[name]


def _within(item: Parameter, value: float) -> float:
    assert item.low is not None and item.high is not None and item.step is not None
    steps = round((min(max(value, item.low), item.high) - item.low) / item.step)
    return round(item.low + steps * item.step, 6)
