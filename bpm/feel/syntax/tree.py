"""The FEEL syntax tree (DMN 1.5, chapter 10): what the parser gives and everyone else reads.

Engine, analyser and simulator share these nodes, so a construct means one thing in the whole house.
Nodes are frozen, compare by value (positions excluded) and never hold Python code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Node:
    """Any part of an expression; `position` is its 0-based start in the source text."""

    position: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: Decimal


@dataclass(frozen=True, slots=True)
class String(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class Null(Node):
    pass


@dataclass(frozen=True, slots=True)
class AtLiteral(Node):
    """`@"2025-01-01"`: a date, time, date and time or duration by its ISO text."""

    text: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name, white space normalised: `Alter des  Hundes` is `Alter des Hundes`; `?` is the tested value."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Context(Node):
    """`{a: 1, "b c": a + 1}`; later entries see earlier ones."""

    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`[a..b]`, `(a..b)`, `]a..b[`. An end that is None is unbounded (`>= 5` used as a value)."""

    low: Node | None
    high: Node | None
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """Arithmetic minus."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`operator` is one of `+ - * / **`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`operator` is one of `= != < <= > >=`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """Ternary `and` / `or`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Between(Node):
    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    """`value in (tests)`."""

    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    value: Node
    type: TypeName


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """A type: `number`, `list<number>`, `context<a: string>`, `function<a, b> -> c`, `range<number>`."""

    name: str
    arguments: tuple[TypeName, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class If(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Iteration(Node):
    """`name in domain`; `end` is set for `name in domain..end`."""

    name: str
    domain: Node
    end: Node | None = None


@dataclass(frozen=True, slots=True)
class For(Node):
    iterations: tuple[Iteration, ...]
    result: Node


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """`quantifier` is `some` or `every`."""

    quantifier: str
    iterations: tuple[Iteration, ...]
    condition: Node


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`value.name`."""

    value: Node
    name: str


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """`value[condition]`: by position or by condition, `item` being the element."""

    value: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    name: str
    type: TypeName | None = None


@dataclass(frozen=True, slots=True)
class FunctionDefinition(Node):
    """`function(a, b) body`; `external` bodies (Java, PMML) are refused at evaluation."""

    parameters: tuple[Parameter, ...]
    body: Node
    external: bool = False


@dataclass(frozen=True, slots=True)
class Invocation(Node):
    """A call by position (`arguments`) or by name (`named`), never both."""

    function: Node
    arguments: tuple[Node, ...] = ()
    named: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Test(Node):
    """A unary test on the input value: `< 5`, `"a"`, `[1..5]`, or any expression that uses `?`.

    `operator` is one of `= != < <= > >=` (value against operand), `in` (operand is a range or list) or
    `?` (operand is a boolean expression over `?`). A plain value has operator `=`, or `in` if it proves
    to be a list or range when evaluated.
    """

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class UnaryTests(Node):
    """A cell: true if any test holds (`negated`: if none does). No tests at all is the dash: always true."""

    tests: tuple[Test, ...]
    negated: bool = False

    @property
    def is_dash(self) -> bool:
        return not self.tests and not self.negated
