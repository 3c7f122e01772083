"""Reads YAML into frozen dataclasses; whatever is unknown, missing, said twice or of a wrong type is one sentence.

The fields of a dataclass are the keys of a mapping; `from_` stands for the key "from", which Python keeps for itself.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml  # a requirement of gradio

from refedit.errors import EditError

Read = TypeVar("Read")
_SHOWN = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text (in quotes if it looks like a number)",
    tuple: "a list",
    Mapping: "a mapping of keys to values",
}


class Unfit(EditError):
    """A value that a dataclass refuses when it is made; `name` is the field that is to blame."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


def read_utf8(file: Path) -> str:
    """The text of a file that a person has written; EditError if it is in another encoding."""
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise EditError(f"{file.name} is not UTF-8. Save it as UTF-8.") from None


def read_yaml(kind: type[Read], text: str, file: str) -> Read:
    """The dataclass that a YAML text describes; EditError names the file, the line and what is wrong there."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise EditError(f"{file}{_place(error)} is not YAML: {_problem(error)}.") from None
    if node is None:
        raise EditError(f"{file} is empty.")
    read: Read = _Reader(file).value(kind, node, "the file")
    return read


class _Reader:
    """Makes values from nodes of one file."""

    def __init__(self, file: str) -> None:
        self.file = file

    def value(self, kind: Any, node: yaml.Node, name: str) -> Any:
        """The node as a value of a type; `name` is what it is called where it is wrong."""
        origin = get_origin(kind)
        if origin in (Union, UnionType):
            return self._one_of(get_args(kind), node, name)
        if is_dataclass(kind):
            return self._record(kind, node, name)
        if origin is tuple:
            if not isinstance(node, yaml.SequenceNode):
                raise self._wrong(tuple, node, name)
            return tuple(self.value(get_args(kind)[0], item, f"an item of {name}") for item in node.value)
        if origin is Mapping:
            pairs = self._pairs(node, name)
            return {key: self.value(get_args(kind)[1], item, f"'{key}'") for key, (_, item) in pairs.items()}
        return self._plain(kind, node, name)

    def _plain(self, kind: Any, node: yaml.Node, name: str) -> Any:
        loaded = _loaded(node)
        if kind is Any:
            return loaded
        if get_origin(kind) is Literal:
            if loaded not in get_args(kind) or isinstance(loaded, bool):
                raise self.error(node, f"{name} is {_short(loaded)}, but has to be {_listed(get_args(kind))}.")
            return loaded
        if kind is float and type(loaded) is int:
            return float(loaded)
        if type(loaded) is not kind:
            raise self._wrong(kind, node, name)
        return loaded

    def _one_of(self, kinds: tuple[Any, ...], node: yaml.Node, name: str) -> Any:
        """The first kind that fits: dataclasses are told apart by their first field, others by their type."""
        records = [kind for kind in kinds if is_dataclass(kind)]
        if not records or not isinstance(node, yaml.MappingNode):
            plain = [kind for kind in kinds if not is_dataclass(kind) and kind is not type(None)]
            for kind in plain:
                try:
                    return self.value(kind, node, name)
                except EditError:
                    if len(plain) == 1:
                        raise
            if not plain:
                return self.value(records[-1], node, name)
            words = _listed([_SHOWN.get(get_origin(kind) or kind, str(kind)) for kind in plain], quoted=False)
            raise self.error(node, f"{name} is {_short(_loaded(node))}, but has to be {words}.")
        if len(records) == 1:
            return self.value(records[0], node, name)
        pairs = self._pairs(node, name)
        having = [record for record in records if next(iter(_hints(record))) in pairs]
        for record in having:
            first, hint = next(iter(_hints(record).items()))
            if len(having) == 1 or _loaded(pairs[first][1]) in get_args(hint):
                return self._record(record, node, name)
        raise self.error(node, f"{name} has to say {_choices(records)}.")

    def _record(self, kind: Any, node: yaml.Node, name: str) -> Any:
        pairs, hints = self._pairs(node, name), _hints(kind)
        for key, (place, _) in pairs.items():
            if key not in hints:
                raise self.error(place, f"{name} has an unknown key '{key}'. Known are: {', '.join(hints)}.")
        for item in fields(kind):
            needed = item.default is MISSING and item.default_factory is MISSING
            if needed and item.name.rstrip("_") not in pairs:
                raise self.error(node, f"{name} lacks the key '{item.name.rstrip('_')}'.")
        spelled = {item.name.rstrip("_"): item.name for item in fields(kind)}
        values = {spelled[key]: self.value(hints[key], item, f"'{key}'") for key, (_, item) in pairs.items()}
        try:
            return kind(**values)
        except Unfit as error:
            at = pairs.get(error.name.rstrip("_"), (node, node))[0]
            raise self.error(at, str(error)) from None

    def _pairs(self, node: yaml.Node, name: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """The keys of a mapping with their nodes: where each stands, and what it is set to."""
        if not isinstance(node, yaml.MappingNode):
            raise self._wrong(Mapping, node, name)
        pairs: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, item in node.value:
            spelled = _loaded(key)
            if not isinstance(spelled, str):
                raise self.error(key, f"{name} has the key {spelled!r}, but keys have to be texts. Put it in quotes.")
            if spelled in pairs:
                raise self.error(key, f"{name} says '{spelled}' twice.")
            pairs[spelled] = key, item
        return pairs

    def _wrong(self, kind: Any, node: yaml.Node, name: str) -> EditError:
        return self.error(node, f"{name} is {_short(_loaded(node))}, but has to be {_SHOWN.get(kind, kind)}.")

    def error(self, node: yaml.Node, sentence: str) -> EditError:
        """The sentence with the place."""
        return EditError(f"{self.file}, line {node.start_mark.line + 1}: {sentence}")


def _hints(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields by their keys."""
    hints = get_type_hints(kind)
    return {item.name.rstrip("_"): hints[item.name] for item in fields(kind)}


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}," if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    """The parser's own words, on one line and without its picture of the place."""
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return " ".join(str(said).split()).rstrip(".")


def _loaded(node: yaml.Node) -> Any:
    """The node as plain Python values; a tag that YAML's safe part does not know leaves the text."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError, TypeError):
        return getattr(node, "value", None)
    finally:
        loader.dispose()


def _choices(records: list[Any]) -> str:
    said = []
    for record in records:
        first, hint = next(iter(_hints(record).items()))
        said.append(f"'{first}: {get_args(hint)[0]}'" if get_origin(hint) is Literal else f"'{first}: ...'")
    return _listed(said, quoted=False)


def _listed(words: Any, quoted: bool = True) -> str:
    shown = [f"'{word}'" if quoted and isinstance(word, str) else str(word) for word in words]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
