"""FEEL compiled to instructions for columns of case data: the simulator's half of "one expression language".

The tree of `bpm.feel.syntax` becomes rows (operation, argument) for `bpm.feel.machine`, never source text. Supported
are numbers, texts, booleans, null, names, paths of results with several outputs, arithmetic, comparisons, `and`/`or`,
`not`, `between`, `in` with values, ranges and lists, `if`, `abs`, `floor`, `ceiling`, and unary tests of decision
tables. Everything else is refused by name, so that a simulation never guesses what a rule means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from bpm.errors import FeelError
from bpm.feel import machine as M
from bpm.feel.syntax import tree

Resolve = Callable[[str], int | None]
"""Column of a name, None if there is no such datum."""

_COMPARE = {"=": M.EQUAL, "!=": M.UNEQUAL, "<": M.LESS, "<=": M.LESS_EQUAL, ">": M.GREATER, ">=": M.GREATER_EQUAL}
_ARITHMETIC = {"+": M.ADD, "-": M.SUBTRACT, "*": M.MULTIPLY, "/": M.DIVIDE, "**": M.POWER}
_CALLS = {"abs": M.ABS, "floor": M.FLOOR, "ceiling": M.CEILING, "not": M.NOT}
_GROWS = {M.PUSH_NUMBER, M.PUSH_STRING, M.PUSH_BOOLEAN, M.PUSH_NULL, M.LOAD}
_SHRINKS = {M.STORE, M.JUMP_UNLESS_TRUE, M.AGREE, M.AND, M.OR, *_COMPARE.values(), *_ARITHMETIC.values()}


class UnknownName(FeelError):
    """The expression reads a datum that the case does not have."""

    def __init__(self, name: str) -> None:
        super().__init__("feel-unknown-name", f"unknown name {name!r}")
        self.name = name


class NotCompilable(FeelError):
    """The expression uses a construct that columns cannot hold."""

    def __init__(self, what: str) -> None:
        super().__init__("feel-not-compilable", f"{what} cannot be simulated")


class Assembly:
    """Collects instructions, constants and texts of one program. Texts are ranked when it is finished."""

    def __init__(self) -> None:
        self.code: list[tuple[int, int]] = []
        self._numbers: dict[float, int] = {}
        self._texts: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.code)

    def emit(self, operation: int, argument: int = 0) -> int:
        """Append an instruction; its position."""
        self.code.append((operation, argument))
        return len(self.code) - 1

    def patch(self, position: int) -> None:
        """Let the jump at `position` come here."""
        self.code[position] = (self.code[position][0], len(self.code))

    def text(self, value: str) -> int:
        """A provisional number of a text; `ranks` gives the final one."""
        return self._texts.setdefault(value, len(self._texts))

    def ranks(self) -> list[int]:
        """Provisional number to rank in the order of all texts."""
        order = {text: rank for rank, text in enumerate(sorted(self._texts))}
        return [order[text] for text in self._texts]

    def finished(self) -> tuple[Any, Any]:
        """Arrays: instructions int32 [n, 2] and number constants float64 [m]."""
        ranks = self.ranks()
        code = [(op, ranks[arg]) if op == M.PUSH_STRING else (op, arg) for op, arg in self.code] or [(M.STOP, 0)]
        return np.array(code, np.int32), np.array([*self._numbers] or [0.0], np.float64)

    # --- expressions -----------------------------------------------------------------------------------------

    def condition(self, node: tree.Node, resolve: Resolve) -> int:
        """Compile an expression of its own, to be run by `holds`; its start. Undone if it cannot be compiled."""
        start = len(self.code)
        try:
            self.expression(node, resolve)
        except FeelError:
            del self.code[start:]
            raise
        self.emit(M.STOP)
        self.check_depth(start)
        return start

    def check_depth(self, start: int) -> None:
        """The machine's stack is small and fixed; an expression that could overrun it is refused."""
        depth = 0
        for operation, _ in self.code[start:]:
            depth += 1 if operation in _GROWS else -1 if operation in _SHRINKS else 0
            if depth >= M.DEPTH:
                del self.code[start:]
                raise NotCompilable("an expression nested this deep")

    def expression(self, node: tree.Node, resolve: Resolve) -> None:
        """Emit what leaves the value of `node` on the stack."""
        match node:
            case tree.Number(value=value):
                self.number(float(value))
            case tree.String(value=text):
                self.emit(M.PUSH_STRING, self.text(text))
            case tree.Boolean(value=truth):
                self.emit(M.PUSH_BOOLEAN, int(truth))
            case tree.Null():
                self.emit(M.PUSH_NULL)
            case tree.Name() | tree.Path():
                self._load(node, resolve)
            case tree.Negation(operand=operand):
                self.expression(operand, resolve)
                self.emit(M.NEGATE)
            case tree.Arithmetic(operator=operator, left=left, right=right):
                self._two(left, right, _ARITHMETIC[operator], resolve)
            case tree.Comparison(operator=operator, left=left, right=right):
                self._two(left, right, _COMPARE[operator], resolve)
            case tree.Logic(operator=operator, left=left, right=right):
                self._two(left, right, M.AND if operator == "and" else M.OR, resolve)
            case tree.Between(value=value, low=low, high=high):
                self._range(value, tree.Range(low, high, True, True), resolve)
            case tree.In(value=value, tests=tests):
                self.any_test(value, tests, resolve)
            case tree.If(condition=condition, then=then, otherwise=otherwise):
                self._if(condition, then, otherwise, resolve)
            case tree.Invocation(function=tree.Name(name=name), arguments=(argument,)) if name in _CALLS:
                self.expression(argument, resolve)
                self.emit(_CALLS[name])
            case tree.Invocation(function=function):
                raise NotCompilable(f"the call of {getattr(function, 'name', 'a function')!r}")
            case _:
                raise NotCompilable(type(node).__name__)

    def number(self, value: float) -> None:
        self.emit(M.PUSH_NUMBER, self._numbers.setdefault(value, len(self._numbers)))

    def _load(self, node: tree.Node, resolve: Resolve) -> None:
        name = _dotted(node)
        column = resolve(name)
        if column is None:
            raise UnknownName(name)
        self.emit(M.LOAD, column)

    def _two(self, left: tree.Node, right: tree.Node, operation: int, resolve: Resolve) -> None:
        self.expression(left, resolve)
        self.expression(right, resolve)
        self.emit(operation)

    def _if(self, condition: tree.Node, then: tree.Node, otherwise: tree.Node, resolve: Resolve) -> None:
        self.expression(condition, resolve)
        miss = self.emit(M.JUMP_UNLESS_TRUE)
        self.expression(then, resolve)
        end = self.emit(M.JUMP)
        self.patch(miss)
        self.expression(otherwise, resolve)
        self.patch(end)

    def _range(self, value: tree.Node, range_: tree.Range, resolve: Resolve) -> None:
        parts = 0
        if range_.low is not None:
            self._two(value, range_.low, M.GREATER_EQUAL if range_.low_included else M.GREATER, resolve)
            parts += 1
        if range_.high is not None:
            self._two(value, range_.high, M.LESS_EQUAL if range_.high_included else M.LESS, resolve)
            parts += 1
        if parts == 2:
            self.emit(M.AND)

    # --- unary tests -----------------------------------------------------------------------------------------

    def any_test(self, value: tree.Node, tests: Iterable[tree.Node], resolve: Resolve) -> None:
        """Emit whether `value` passes any of the tests (of none: false)."""
        tests = tuple(tests)
        if not tests:
            self.emit(M.PUSH_BOOLEAN, 0)
        for k, test in enumerate(tests):
            self.test(value, test, resolve)
            if k:
                self.emit(M.OR)

    def test(self, value: tree.Node, test: tree.Node, resolve: Resolve) -> None:
        """Emit whether `value` passes one test (a `tree.Test` or a plain value, range or list)."""
        operator, operand = (test.operator, test.operand) if isinstance(test, tree.Test) else ("=", test)
        if operator == "?":
            self.expression(operand, lambda name: self._tested(value, resolve) if name == "?" else resolve(name))
        elif isinstance(operand, tree.Range):
            self._range(value, operand, resolve)
        elif isinstance(operand, tree.ListOf):
            self.any_test(value, operand.items, resolve)
        elif operator == "in":
            raise NotCompilable("a test against a computed list")
        else:
            self._two(value, operand, _COMPARE[operator], resolve)

    def _tested(self, value: tree.Node, resolve: Resolve) -> int | None:
        if not isinstance(value, tree.Name | tree.Path):
            raise NotCompilable("a test with ? on a computed input")
        return resolve(_dotted(value))

    def unary_tests(self, value: tree.Node, tests: tree.UnaryTests, resolve: Resolve) -> None:
        """Emit whether `value` passes a cell of a decision table; a dash always does."""
        if tests.is_dash:
            self.emit(M.PUSH_BOOLEAN, 1)
            return
        self.any_test(value, tests.tests, resolve)
        self.emit(M.IS_TRUE)
        if tests.negated:
            self.emit(M.NOT)


def _dotted(node: tree.Node) -> str:
    if isinstance(node, tree.Name):
        return node.name
    if isinstance(node, tree.Path):
        return f"{_dotted(node.value)}.{node.name}"
    raise NotCompilable("a path into a computed value")
