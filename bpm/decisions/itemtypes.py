"""Item definitions to types of `bpm.feel.types` (DMN 1.5, 7.3.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bpm.errors import FeelError
from bpm.feel import matches, parse_unary_tests, types
from bpm.feel.budget import Budget
from bpm.feel.types import ANY, Type
from bpm.feel.values import Value
from bpm.model.decision import DecisionModel, ItemDefinition

_DEEPEST = 30
"""Item definitions that rest on each other, one after the other; what lies deeper is Any."""


class ItemTypes(Mapping[str, Type]):
    """The types of a model by name, those of imported models as `import.name`.

    Built at once in the order of the file, each once: definitions that share parts share their types, and one that
    rests on itself has Any in the place where it would come round again.
    """

    def __init__(self, model: DecisionModel, imported: Mapping[str, ItemTypes]) -> None:
        self._items = {item.name: item for item in model.items}
        self._imported = imported
        self._built: dict[str, Type] = {}
        self._open: set[str] = set()
        self._named: dict[str, Type] = {}
        for name in self._items:
            self.find(name, 0)

    def __getitem__(self, name: str) -> Type:
        found = self.find(name, 0)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name, 0) is not None

    def named(self, name: str | None) -> Type:
        """The type of a `typeRef`; Any where none is given or known."""
        if name is None:
            return ANY
        found = self._named.get(name)
        if found is None:
            found = self._named[name] = self.find(name, 0) or types.simple(name) or ANY
        return found

    def find(self, name: str, depth: int) -> Type | None:
        if name in self._built:
            return self._built[name]
        item = self._items.get(name)
        if item is None:
            prefix, _, rest = name.partition(".")
            inner = self._imported.get(prefix)
            return inner.find(rest, depth) if inner is not None and rest else None
        if depth > _DEEPEST or name in self._open:
            return ANY
        self._open.add(name)
        self._built[name] = found = self.build(item, depth)
        self._open.discard(name)
        return found

    def build(self, item: ItemDefinition, depth: int) -> Type:
        if depth > _DEEPEST:
            return ANY
        element = self.element(item, depth)
        if item.collection:
            return Type("list", element=element, allowed=_tester(item.constraint), name=item.name)
        return element

    def element(self, item: ItemDefinition, depth: int) -> Type:
        allowed = _tester(item.allowed if item.collection else item.allowed or item.constraint)
        if item.components:
            fields = tuple((part.name, self.build(part, depth + 1)) for part in item.components)
            return Type("context", fields=fields, allowed=allowed, name=item.name)
        if item.function is not None:
            parameters, result = item.function
            asked = tuple(self.reference(part, depth) for _, part in parameters)
            return Type("function", parameters=asked, result=self.reference(result, depth), name=item.name)
        base = self.reference(item.base, depth)
        return Type(
            base.kind,
            base.element,
            base.fields,
            base.parameters,
            base.result,
            _both(base.allowed, allowed),
            item.name if allowed is not None else base.name or "",
        )

    def reference(self, name: str | None, depth: int) -> Type:
        if name is None:
            return ANY
        return self.find(name, depth + 1) or types.simple(name) or ANY


def _tester(text: str | None) -> Callable[[Value], bool] | None:
    """Allowed values as a predicate; a text that is not FEEL allows everything (the analyser reports it)."""
    if text is None:
        return None
    try:
        tests = parse_unary_tests(text, length=100_000)
    except FeelError:
        return None
    return lambda value: matches(tests, value, {}, budget=Budget()) is True


def _both(
    first: Callable[[Value], bool] | None, second: Callable[[Value], bool] | None
) -> Callable[[Value], bool] | None:
    if first is None or second is None:
        return first or second
    return lambda value: first(value) and second(value)
