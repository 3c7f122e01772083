"""What every method has in common: its fields are its parameters, described for page and command line."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Protocol, get_args, get_type_hints, runtime_checkable

from refedit.errors import EditError


@runtime_checkable
class Method(Protocol):
    """An editing method: a frozen dataclass whose fields are its parameters.

    `fit` is "aspect" or "stretch", `paste` "mask" or "square": how its pictures are cut and put back;
    `align_reference` moves and scales the reference so that its subject lies on the painted region.

    `needs` names the inputs it cannot do without ("source_prompt", "reference"), `takes` those it can use
    besides ("region"). `presets` maps a preset's name to a ready instance; the first one is the default, and
    `presets_help` says what they are for.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    presets_help: ClassVar[str]
    needs: ClassVar[frozenset[str]]
    takes: ClassVar[frozenset[str]]

    @property
    def steps(self) -> int: ...

    @property
    def fit(self) -> str: ...

    @property
    def paste(self) -> str: ...

    @property
    def align_reference(self) -> bool: ...

    @property
    def stages(self) -> Mapping[str, float]:
        """The stages in order with their rough share of the work."""
        ...

    @classmethod
    def presets(cls) -> Mapping[str, "Method"]: ...

    def edit(self, model: Any, task: Any) -> Generator[Any, None, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Knob:
    """How one parameter is shown: a slider (low, high, step), a choice, a switch or a line of text.

    `kind` is the Python type of the value: int, float, bool or str; `choices` is empty unless it is a choice.
    `before` is what results did that were made before there was this parameter; None if it was always there.
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
    advanced: bool = True
    before: Any = None


def knob(
    default: Any,
    label: str,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    basic: bool = False,
    before: Any = None,
) -> Any:
    """A dataclass field that carries its label, range and help; text choices come from a Literal annotation."""
    about = {"label": label, "help": help, "low": low, "high": high, "step": step, "advanced": not basic}
    return field(default=default, metadata={**about, "before": before})


def knobs(method: type[Any]) -> tuple[Knob, ...]:
    """The parameters of a method in their order."""
    hints = get_type_hints(method)
    return tuple(_describe(item, hints[item.name]) for item in fields(method) if item.metadata)  # type: ignore[arg-type]


def _describe(item: Any, hint: Any) -> Knob:
    choices = tuple(get_args(hint)) if hint not in (int, float, bool, str) else ()
    return Knob(name=item.name, kind=str if choices else hint, default=item.default, choices=choices, **item.metadata)


def with_settings(method: Method, settings: Mapping[str, Any]) -> Method:
    """The method with some parameters changed, from their values or their spelling.

    Raises EditError that names the parameter if it is unknown, unreadable or out of its range.
    """
    known = {item.name: item for item in knobs(type(method))}
    for name in settings:
        if name not in known:
            raise EditError(f"{method.title} has no parameter '{name}'. It has: {', '.join(known)}.")
    return replace(method, **{name: _read(known[name], value) for name, value in settings.items()})  # type: ignore[type-var]


def settings_of(method: Method) -> dict[str, Any]:
    """The value of every parameter, by name; `with_settings` takes it back."""
    return {item.name: getattr(method, item.name) for item in knobs(type(method))}


def nearest_preset(method: Method) -> tuple[str, int]:
    """The preset that differs from it in the fewest parameters, the first of equals; and in how many."""
    own, presets = settings_of(method), type(method).presets()
    apart = {name: sum(own[k] != v for k, v in settings_of(preset).items()) for name, preset in presets.items()}
    name = min(apart, key=apart.__getitem__)
    return name, apart[name]


def _read(item: Knob, value: Any) -> Any:
    readers: dict[type, Callable[[Any], Any]] = {bool: _truth, int: _whole, float: _number}
    try:
        read = readers.get(item.kind, str)(value)
    except (OverflowError, TypeError, ValueError):
        raise EditError(f"'{value}' is no value for {item.name}: {item.kind.__name__} expected.") from None
    if item.choices and read not in item.choices:
        raise EditError(f"'{value}' is no value for {item.name}. Choose one of {', '.join(item.choices)}.")
    low, high = item.low, item.high
    if low is not None and high is not None and not low <= read <= high:
        raise EditError(f"{item.name} is {read}, but has to lie between {low:g} and {high:g}.")
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
