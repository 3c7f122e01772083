"""A method's parameters: fields of a frozen dataclass, described so that a page and a command line can show them.

One field in a method's dataclass is all that a parameter needs: `steps: int = parameter(20, "Steps", "...")`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_type_hints

from refedit.errors import EditError

Values = TypeVar("Values")
"""A dataclass whose fields are parameters."""


EXPECTED: Mapping[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
"""What a value has to be, in a visitor's words."""


class Effect(StrEnum):
    """What a parameter decides about the picture, in a visitor's words."""

    EFFORT = "How much work is put into it"
    CHANGE = "How strongly it changes"
    KEEP = "What stays as it was"
    REFERENCE = "What is taken from the other picture"
    PLACE = "Where it happens"
    WORDS = "How the sentences are read"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """How one parameter is shown: a slider (low, high, step), a choice, a switch or a line of text.

    `kind` is the Python type of the value: int, float, bool or str; `choices` is empty unless it is a choice.
    `legacy_default` is what results did that were made before there was this parameter; None if it was always there.
    `label` is the paper's name, `plain` what it does in a visitor's words; `effect` groups it with others. The one
    parameter that is the edit's `strength` is always in sight.
    """

    name: str
    kind: type
    default: Any
    label: str
    help: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    effect: Effect = Effect.CHANGE
    plain: str = ""
    strength: bool = False
    legacy_default: Any = None

    @property
    def told(self) -> str:
        """The label as people meet it: in plain words, with the paper's name beside."""
        return f"{self.plain} \N{MIDDLE DOT} {self.label}" if self.plain else self.label


def parameter(
    default: Any,
    label: str,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    effect: Effect = Effect.CHANGE,
    plain: str = "",
    strength: bool = False,
    legacy_default: Any = None,
) -> Any:
    """A dataclass field that carries its label, range and help; text choices come from a Literal annotation."""
    about = {"label": label, "help": help, "low": low, "high": high, "step": step, "plain": plain}
    about |= {"effect": effect, "strength": strength, "legacy_default": legacy_default}
    return field(default=default, metadata=about)


def parameters_of(kind: type[Any]) -> tuple[Parameter, ...]:
    """The parameters of a method's class, in their order."""
    hints = get_type_hints(kind)
    return tuple(_described(item, hints[item.name]) for item in fields(kind) if item.metadata)


def _described(item: Any, hint: Any) -> Parameter:
    choices = () if hint in (int, float, bool, str) else tuple(get_args(hint))
    kind = str if choices else hint
    return Parameter(name=item.name, kind=kind, default=item.default, choices=choices, **item.metadata)


def values_of(method: Any) -> dict[str, Any]:
    """The value of every parameter, by name; `with_values` takes it back."""
    return {item.name: getattr(method, item.name) for item in parameters_of(type(method))}


def with_values(method: Values, values: Mapping[str, Any]) -> Values:
    """The method with some parameters changed, from their values or their spelling.

    Raises EditError that names the parameter if it is unknown, unreadable or out of its range.
    """
    known = {item.name: item for item in parameters_of(type(method))}
    for name in values:
        if name not in known:
            title = getattr(method, "title", type(method).__name__)
            raise EditError(f"{title} has no parameter '{name}'. It has: {', '.join(known)}.")
    changes = {name: read_value(known[name], value) for name, value in values.items()}
    return replace(method, **changes)  # type: ignore[type-var]


def read_value(item: Parameter, value: Any) -> Any:
    """A parameter's value from itself or its spelling; EditError if it is unreadable or out of range."""
    readers: dict[type, Callable[[Any], Any]] = {bool: _truth, int: _whole, float: _number}
    try:
        read = readers.get(item.kind, str)(value)
    except (OverflowError, TypeError, ValueError):
        wrong = f"{item.name} is empty" if value in (None, "") else f"'{value}' is no value for {item.name}"
        raise EditError(f"{wrong}: {EXPECTED[item.kind]} expected.") from None
    if item.choices and read not in item.choices:
        raise EditError(f"'{value}' is no value for {item.name}. Choose one of {', '.join(item.choices)}.")
    low, high = item.low, item.high
    if low is not None and high is not None and not low <= read <= high:
        raise EditError(f"{item.name} is {read}, but has to lie between {low:.12g} and {high:.12g}.")
    return read


def _whole(value: Any) -> int:
    read = int(value)
    if isinstance(value, bool) or not isinstance(value, str) and read != value:
        raise ValueError(value)
    return read


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError(value)
    return float(value)


def _truth(value: Any) -> bool:
    known = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    text = str(value).lower()
    if text not in known:
        raise ValueError(text)
    return known[text]
