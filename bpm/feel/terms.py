"""FEEL for a solver: expressions and unary tests as terms of z3, exactly as `bpm.feel.evaluate` means them, or refused.

What is modelled:

- *A value* is a pair of a term and whether it is null. A variable has one declared kind (`ranges.kind_of`, or
  `integer`) and may be null unless said otherwise; a missing input is null.
- *Numbers* are exact, whole ones if declared `integer`. FEEL rounds to 34 digits: a verdict is about cases where no
  result needs more. To z3 they are reals: that a case exists is certain only if one is given. Constant parts are worked
  out by FEEL itself, with its rounding.
- *Texts* are sequences of code points up to U+2FFFF, ordered as such. *Dates* count days, *times* microseconds of the
  day, *dates with time* microseconds (with offset: of UTC), spans seconds or months; none of them ends at the limits
  of FEEL (999,999,999 years, 10^15 seconds).
- *Null* follows the evaluator: `=` is true for two nulls and false for one, null between two kinds; an order with a
  null or between kinds is null; a calculation with a null is null; `and`, `or`, `not` are three-valued; `between` is
  null as soon as one side is; `if` takes its second branch on null. In tests the dash holds for null, a list never
  gives null, a range gives null for null, one end that is null leaves a range open there, and several tests give true
  if one does, else null if one does. A cell *holds* if it gives true.

Refused by name (`NotTranslatable`): lists, contexts, ranges and functions as values; calls other than `not`, `abs`,
`floor`, `ceiling` and those of constants; division by anything but a constant whose reciprocal is a finite decimal;
powers but small whole ones; calendar steps by months or by spans that are not constant; zones by name and times with
an offset; branches of two kinds. z3 comes with the extra `verify` and is loaded when the first `Terms` is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import ModuleType
from typing import Any, TypeAlias

from bpm.errors import FeelError, MissingExtra, NotTranslatable
from bpm.feel import ranges
from bpm.feel.scales import DAY, LARGEST_CODE, MICRO, NEAR, coded, decoded, kind_of, unescaped
from bpm.feel.syntax import tree

Truth: TypeAlias = Any
"""A Python bool where it is known, else a Boolean term."""

WORK = 20_000_000
"""z3's own count of steps that one question may take: a few seconds, and the same on every machine."""

NULL = "null"
ORDERED = frozenset(
    ("number", "string", "date", "time", "date and time", "date and time with offset",
     "days and time duration", "years and months duration")
)  # fmt: skip
WHOLE = frozenset(("date", "time", "date and time", "date and time with offset", "years and months duration"))
KINDS = ORDERED | {"integer", "boolean"}
_POWERS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A value: its kind (`null` for what is always null), a z3 term or Python bool, and whether it is null."""

    kind: str
    value: Any
    null: Truth


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a case exists (None: not known within the work allowed), and one as FEEL values by variable if its
    numbers are decimals."""

    exists: bool | None
    case: Mapping[str, Any] | None = None


def solver_module() -> ModuleType:
    """z3. Raises MissingExtra where it is not installed."""
    try:
        import z3  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise MissingExtra("verify", "z3-solver") from error
    return z3  # type: ignore[no-any-return, unused-ignore]


def is_available() -> bool:
    """Whether the extra `verify` is installed; z3 itself is not loaded."""
    from importlib.util import find_spec

    return find_spec("z3") is not None


class Terms:
    """Translates, and asks. `kinds` declares the variables; a path is declared by its dotted name.

    Raises:
        MissingExtra: z3 is not installed.
        NotTranslatable: a declared kind is none of `KINDS`.
    """

    def __init__(
        self, kinds: Mapping[str, str], *, missing: bool = True, work: int = WORK, context: Any = None
    ) -> None:
        self.z3 = solver_module()
        for name, kind in kinds.items():
            if kind not in KINDS:
                raise NotTranslatable(f"the input {name!r} of kind {kind or 'unknown'}")
        self.kinds, self.missing = kinds, missing
        self.context = self.z3.Context() if context is None else context
        self.solver = self.z3.Solver(ctx=self.context)
        self.solver.set("rlimit", work)
        self.variables: dict[str, Term] = {}

    # --- asking --------------------------------------------------------------------------------------------------

    def assume(self, truth: Truth) -> None:
        """Keep to cases where this holds, in all questions to come."""
        self.solver.add(self._term(truth))

    def ask(self, *claims: Truth) -> Answer:
        """Is there a case in which all claims hold?"""
        self.solver.push()
        try:
            self.solver.add(*(self._term(claim) for claim in claims))
            found = self.solver.check()
            if found == self.z3.unsat:
                return Answer(False)
            if found != self.z3.sat:
                return Answer(None)
            return Answer(True, self._plain_case())
        finally:
            self.solver.pop()

    def exists(self, *claims: Truth) -> bool | None:
        """The same without a case."""
        self.solver.push()
        try:
            self.solver.add(*(self._term(claim) for claim in claims))
            found = self.solver.check()
            return None if found == self.z3.unknown else bool(found == self.z3.sat)
        finally:
            self.solver.pop()

    def _plain_case(self) -> dict[str, Any] | None:
        """A case whose numbers are whole and whose days are near if that can be, else decimals of few digits."""
        model = self.solver.model()
        real = [it.value for it in self.variables.values() if it.kind in ("number", "days and time duration")]
        near = [
            part
            for it in self.variables.values()
            for scale in (NEAR.get(it.kind),)
            if scale is not None
            for part in (it.value >= scale[0], it.value < scale[1])
        ]
        for digits, days in ((0, near), (2, near), (6, near), (0, ()), (6, ())):
            self.solver.push()
            try:
                self.solver.add(*(self.z3.IsInt(value * 10**digits) for value in real), *days)
                if self.solver.check() == self.z3.sat:
                    model = self.solver.model()
                    break
            finally:
                self.solver.pop()
        try:
            return {name: self._read(model, it) for name, it in self.variables.items()}
        except (ValueError, OverflowError, ArithmeticError):
            return None

    def _read(self, model: Any, term: Term) -> Any:
        if term.null is not False and self.z3.is_true(model.eval(self._term(term.null), True)):
            return None
        found = model.eval(term.value, True)
        if term.kind == "boolean":
            return self.z3.is_true(found)
        if term.kind == "string":
            return unescaped(found.as_string())
        if self.z3.is_algebraic_value(found):
            raise ValueError("no rational number")
        number = found.as_fraction() if self.z3.is_rational_value(found) else Fraction(found.as_long())
        return decoded(term.kind, number)

    # --- translating ---------------------------------------------------------------------------------------------

    def value(self, node: tree.Node, asked: Term | None = None) -> Term:
        """An expression; `asked` is what `?` stands for. Raises NotTranslatable."""
        try:
            return self._value(node, asked)
        except RecursionError:
            raise NotTranslatable("an expression nested too deeply") from None

    def is_true(self, node: tree.Node) -> Truth:
        """Whether an expression gives true. Raises NotTranslatable."""
        return self._true(self.value(node))

    def holds(self, tests: tree.UnaryTests, asked: Term) -> Truth:
        """Whether a cell holds for a value. Raises NotTranslatable."""
        try:
            return self._true(self._any_test(tests, asked))
        except RecursionError:
            raise NotTranslatable("a cell nested too deeply") from None

    def equal(self, left: Term, right: Term) -> Truth:
        """Whether `=` gives true."""
        return self._true(self._equal(left, right))

    def constant(self, value: Any) -> Term:
        """A FEEL value. Raises NotTranslatable."""
        if value is None:
            return Term(NULL, None, True)
        kind = kind_of(value)
        if kind not in KINDS:
            raise NotTranslatable(f"a constant of kind {kind}")
        return Term(kind, self._encoded(kind, value), False)

    def variable(self, name: str) -> Term:
        """A declared variable. Raises NotTranslatable."""
        if name not in self.variables:
            if name not in self.kinds:
                raise NotTranslatable(f"the name {name!r}")
            self.variables[name] = self._declared(name, self.kinds[name])
        return self.variables[name]

    def _declared(self, name: str, kind: str) -> Term:
        z3, context = self.z3, self.context
        null = z3.Bool(f"null {name}", context) if self.missing else False
        match kind:
            case "number" | "days and time duration":
                value = z3.Real(name, context)
            case "integer":
                value = z3.ToReal(z3.Int(name, context))
            case "string":
                value = z3.String(name, context)
            case "boolean":
                value = z3.Bool(name, context)
            case _:
                value = z3.Int(name, context)
        if kind == "time":
            self.solver.add(value >= 0, value < DAY)
        return Term("number" if kind == "integer" else kind, value, null)

    def _encoded(self, kind: str, value: Any) -> Any:
        if kind == "boolean":
            return bool(value)
        if kind == "string":
            if any(ord(char) > LARGEST_CODE for char in value):
                raise NotTranslatable("a text with characters beyond U+2FFFF")
            return self.z3.StringVal(value.replace("\\", "\\u{5c}"), self.context)
        number = coded(kind, value)
        if kind in WHOLE:
            return self.z3.IntVal(int(number), self.context)
        return self._ratio(number)

    def _ratio(self, number: Fraction) -> Any:
        return self.z3.RealVal(f"{number.numerator}/{number.denominator}", self.context)

    def _value(self, node: tree.Node, asked: Term | None) -> Term:
        match node:
            case tree.Name("?"):
                if asked is None:
                    raise NotTranslatable("? outside a cell")
                return asked
            case tree.Name(name):
                return self.variable(name)
            case tree.Path():
                return self._path(node)
            case tree.Null():
                return Term(NULL, None, True)
            case tree.Arithmetic() | tree.Negation() | tree.Invocation():
                return self._calculated(node, asked)
            case tree.Number() | tree.String() | tree.Boolean() | tree.AtLiteral():
                return self._constant_of(node)
            case tree.Comparison(operator, left, right):
                return self._compare(operator, self._value(left, asked), self._value(right, asked))
            case tree.Logic(operator, left, right):
                return self._logic(operator, self._value(left, asked), self._value(right, asked))
            case tree.Between(value, low, high):
                return self._between(*(self._value(part, asked) for part in (value, low, high)))
            case tree.In(value, tests):
                return self._first_holding(tests, self._value(value, asked))
            case tree.If(condition, then, otherwise):
                chosen = self._true(self._value(condition, asked))
                return self.choose(chosen, self._value(then, asked), self._value(otherwise, asked))
            case _:
                raise NotTranslatable(f"{_NAMES.get(type(node), type(node).__name__)} as a value")

    def _path(self, node: tree.Path) -> Term:
        names: list[str] = []
        inner: tree.Node = node
        while isinstance(inner, tree.Path):
            names.append(inner.name)
            inner = inner.value
        if not isinstance(inner, tree.Name):
            raise NotTranslatable("a part of something that is no input")
        return self.variable(".".join((inner.name, *reversed(names))))

    def _constant_of(self, node: tree.Node) -> Term:
        try:
            return self.constant(ranges.constant(node))
        except (FeelError, TypeError) as error:
            if isinstance(error, NotTranslatable):
                raise
            raise NotTranslatable("a literal that has no value") from error

    def _calculated(self, node: tree.Node, asked: Term | None) -> Term:
        """A constant, worked out as FEEL does; else operators and the few functions known."""
        try:
            known = ranges.constant(node)
        except (FeelError, TypeError):
            pass
        else:
            return self.constant(known)
        if isinstance(node, tree.Negation):
            operand = self._value(node.operand, asked)
            if operand.kind in ("number", "days and time duration", "years and months duration"):
                return Term(operand.kind, -operand.value, operand.null)
            return Term(NULL, None, True)
        if isinstance(node, tree.Arithmetic):
            return self._arithmetic(node, asked)
        assert isinstance(node, tree.Invocation)
        return self._call(node, asked)

    # --- logic ---------------------------------------------------------------------------------------------------

    def _term(self, truth: Truth) -> Any:
        return self.z3.BoolVal(truth, self.context) if isinstance(truth, bool) else truth

    def both(self, *parts: Truth) -> Truth:
        """All of them."""
        if any(part is False for part in parts):
            return False
        open_ones = [part for part in parts if part is not True]
        return True if not open_ones else open_ones[0] if len(open_ones) == 1 else self.z3.And(open_ones)

    def either(self, *parts: Truth) -> Truth:
        """At least one of them."""
        if any(part is True for part in parts):
            return True
        open_ones = [part for part in parts if part is not False]
        return False if not open_ones else open_ones[0] if len(open_ones) == 1 else self.z3.Or(open_ones)

    def no(self, part: Truth) -> Truth:
        """Not so."""
        return not part if isinstance(part, bool) else self.z3.Not(part)

    def _true(self, term: Term) -> Truth:
        return self.both(self.no(term.null), term.value) if term.kind == "boolean" else False

    def _false(self, term: Term) -> Truth:
        return self.both(self.no(term.null), self.no(term.value)) if term.kind == "boolean" else False

    def _ternary(self, true: Truth, false: Truth) -> Term:
        return Term("boolean", true, self.both(self.no(true), self.no(false)))

    def _logic(self, operator: str, left: Term, right: Term) -> Term:
        truths, falsehoods = [self._true(left), self._true(right)], [self._false(left), self._false(right)]
        if operator == "and":
            return self._ternary(self.both(*truths), self.either(*falsehoods))
        return self._ternary(self.either(*truths), self.both(*falsehoods))

    def _not(self, term: Term) -> Term:
        return Term("boolean", self.no(term.value), term.null) if term.kind == "boolean" else Term(NULL, None, True)

    def choose(self, chosen: Truth, then: Term, otherwise: Term) -> Term:
        """`if chosen then ... else ...`. Raises NotTranslatable for branches of two kinds."""
        if isinstance(chosen, bool):
            return then if chosen else otherwise
        if then.kind == otherwise.kind == NULL:
            return then
        if NULL not in (then.kind, otherwise.kind) and then.kind != otherwise.kind:
            raise NotTranslatable(f"branches of two kinds, {then.kind} and {otherwise.kind}")
        null = self.either(self.both(chosen, then.null), self.both(self.no(chosen), otherwise.null))
        if then.kind == NULL or otherwise.kind == NULL:
            known = otherwise if then.kind == NULL else then
            return Term(known.kind, known.value, null)
        if then.kind == "boolean":
            either = self.both(chosen, then.value), self.both(self.no(chosen), otherwise.value)
            return Term("boolean", self.either(*either), null)
        return Term(then.kind, self.z3.If(chosen, then.value, otherwise.value), null)

    # --- comparing -----------------------------------------------------------------------------------------------

    def _equal(self, left: Term, right: Term) -> Term:
        nulls = self.both(left.null, right.null)
        if NULL in (left.kind, right.kind):
            return Term("boolean", nulls, False)
        there = self.both(self.no(left.null), self.no(right.null))
        if left.kind != right.kind:
            moments = all(term.kind.startswith("date and time") for term in (left, right))
            return Term("boolean", nulls, False if moments else there)
        if left.kind == "boolean":
            alike = self.either(
                self.both(left.value, right.value), self.both(self.no(left.value), self.no(right.value))
            )
        else:
            alike = left.value == right.value
        return Term("boolean", self.either(nulls, self.both(there, alike)), False)

    def _compare(self, operator: str, left: Term, right: Term) -> Term:
        if operator == "=":
            return self._equal(left, right)
        if operator == "!=":
            return self._not(self._equal(left, right))
        if left.kind != right.kind or left.kind not in ORDERED:
            return Term("boolean", False, True)
        return Term("boolean", _order(operator, left.value, right.value), self.either(left.null, right.null))

    def _between(self, value: Term, low: Term, high: Term) -> Term:
        lower, upper = self._compare(">=", value, low), self._compare("<=", value, high)
        return Term("boolean", self.both(lower.value, upper.value), self.either(lower.null, upper.null))

    # --- unary tests ---------------------------------------------------------------------------------------------

    def _any_test(self, tests: tree.UnaryTests, asked: Term) -> Term:
        if tests.is_dash:
            return Term("boolean", True, False)
        found = self._first_holding(tests.tests, asked)
        return self._not(found) if tests.negated else found

    def _first_holding(self, tests: tuple[tree.Node, ...], asked: Term) -> Term:
        found = [self._holds(test, asked) for test in tests]
        return self._ternary(self.either(*map(self._true, found)), self.both(*map(self._false, found)))

    def _holds(self, test: tree.Node, asked: Term) -> Term:
        if not isinstance(test, tree.Test):
            return self._contained(asked, test, asked)
        if test.operator == "?":
            found = self._value(test.operand, asked)
            if found.kind in ("boolean", NULL):
                return found if found.kind == "boolean" else Term("boolean", False, True)
            same = self._equal(asked, found)
            return Term("boolean", same.value, self.either(found.null, same.null))
        if test.operator == "in":
            return self._contained(asked, test.operand, asked)
        if test.operator != "=":
            return self._compare(test.operator, asked, self._value(test.operand, asked))
        found = self._contained(asked, test.operand, asked)
        if asked.kind in ("boolean", NULL) or isinstance(test.operand, tree.ListOf | tree.Range):
            return found
        operand = self._value(test.operand, asked)
        if operand.kind != "boolean":
            return found
        plain = self.both(self._true(operand), self.no(asked.null))  # a true condition without `?` is a test that holds
        return self._ternary(self.either(plain, self._true(found)), self.both(self.no(plain), self._false(found)))

    def _contained(self, value: Term, node: tree.Node, asked: Term) -> Term:
        """`value` equals the node, lies in it (a range), or is one of it (a list)."""
        if isinstance(node, tree.Range):
            return self._within(value, node, asked)
        if isinstance(node, tree.ListOf):
            found = [self._true(self._contained(value, item, asked)) for item in node.items]
            return Term("boolean", self.either(*found), False)
        return self._equal(value, self._value(node, asked))

    def _within(self, value: Term, node: tree.Range, asked: Term) -> Term:
        low = None if node.low is None else self._value(node.low, asked)
        high = None if node.high is None else self._value(node.high, asked)
        ends = [end for end in (low, high) if end is not None]
        if any(end.kind == "boolean" for end in ends):
            raise NotTranslatable("a range of booleans")
        lost = self.both(*(end.null for end in ends))
        kinds = {end.kind for end in ends} - {NULL}
        if len(kinds) > 1:
            lost = self.either(lost, self.both(*(self.no(end.null) for end in ends)))
        true, false = [], []
        asked_ends = (low, ">=" if node.low_included else ">"), (high, "<=" if node.high_included else "<")
        for end, operator in asked_ends:
            if end is not None:
                found = self._compare(operator, value, end)
                open_end = end.null if len(ends) > 1 else False
                true.append(self.either(open_end, self._true(found)))
                # the lower end is asked first: where it gives null, the upper one is not asked
                false.append(self.both(self.no(end.null), self._false(found), *(true[:-1])))
        there = self.no(value.null)
        inside, outside = self.both(there, *true), self.both(there, self.either(*false))
        # what is no range is null, and only null is equal to it
        return self._ternary(
            self.either(self.both(lost, value.null), self.both(self.no(lost), inside)),
            self.either(self.both(lost, there), self.both(self.no(lost), outside)),
        )

    # --- calculating ---------------------------------------------------------------------------------------------

    def _arithmetic(self, node: tree.Arithmetic, asked: Term | None) -> Term:
        left, right = self._value(node.left, asked), self._value(node.right, asked)
        null, kinds = self.either(left.null, right.null), (left.kind, right.kind)
        if NULL in kinds or "boolean" in kinds:
            return Term(NULL, None, True)
        match node.operator, kinds:
            case "+", ("string", "string"):
                return Term("string", self.z3.Concat(left.value, right.value), null)
            case "+" | "-", (kind, other) if kind == other and kind in _ADDED:
                value = left.value + right.value if node.operator == "+" else left.value - right.value
                return Term(kind, value, null)
            case "*", ("number", "number"):
                return Term("number", left.value * right.value, null)
            case "*", ("number", "days and time duration") | ("days and time duration", "number"):
                return Term("days and time duration", left.value * right.value, null)
            case "/", ("number" | "days and time duration" as kind, "number"):
                return self._divided(left, node.right, kind)
            case "**", ("number", "number"):
                return self._power(left, node.right)
            case "-", (kind, other) if kind == other and kind in WHOLE:
                unit = Fraction(86_400) if kind == "date" else Fraction(1, MICRO)
                return Term(
                    "days and time duration", self.z3.ToReal(left.value - right.value) * self._ratio(unit), null
                )
            case "+" | "-", _ if "days and time duration" in kinds or "years and months duration" in kinds:
                return self._moved(node, left, right)
            case _ if "string" in kinds or (kinds[0] in _POINTS and kinds[1] == "number"):
                return Term(NULL, None, True)
            case _:
                raise NotTranslatable(f"{kinds[0]} {node.operator} {kinds[1]}")

    def _divided(self, left: Term, divisor: tree.Node, kind: str) -> Term:
        number = _constant_number(divisor, "division by what is not constant")
        if number == 0:
            return Term(NULL, None, True)
        share = 1 / Fraction(number)
        rest = share.denominator
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        if rest != 1:
            raise NotTranslatable(f"division by {ranges.literal(number)}, which FEEL rounds")
        return Term(kind, left.value * self._ratio(share), left.null)

    def _power(self, base: Term, exponent: tree.Node) -> Term:
        number = _constant_number(exponent, "a power that is not constant")
        if number != int(number) or not 0 <= number <= _POWERS:
            raise NotTranslatable(f"the power {ranges.literal(number)}")
        value = self._encoded("number", Decimal(1))
        for _ in range(int(number)):
            value = value * base.value
        return Term("number", value, base.null)

    def _moved(self, node: tree.Arithmetic, left: Term, right: Term) -> Term:
        """A date, time or both, some constant span later or earlier."""
        span_node = node.right
        if left.kind in _SPANS and node.operator == "+":
            left, right, span_node = right, left, node.left
        if right.kind != "days and time duration" or left.kind not in _POINTS:
            if right.kind in _SPANS and left.kind not in _POINTS:
                return Term(NULL, None, True)
            raise NotTranslatable(f"{left.kind} {node.operator} {right.kind}")
        try:
            span = ranges.constant(span_node)
        except (FeelError, TypeError) as error:
            raise NotTranslatable(f"{left.kind} {node.operator} a span that is not constant") from error
        micro = int(span.seconds * MICRO) * (1 if node.operator == "+" else -1)
        if left.kind == "date":
            return Term("date", left.value + micro // DAY, left.null)
        moved = left.value + micro
        return Term(left.kind, moved % DAY if left.kind == "time" else moved, left.null)

    def _call(self, node: tree.Invocation, asked: Term | None) -> Term:
        name = node.function.name if isinstance(node.function, tree.Name) else "an expression"
        if node.named or len(node.arguments) != 1 or name not in _FUNCTIONS or name in self.kinds:
            raise NotTranslatable(f"a call of {name!r}")
        operand = self._value(node.arguments[0], asked)
        if name == "not":
            return self._not(operand)
        if operand.kind != "number":
            raise NotTranslatable(f"{name!r} of a {operand.kind}")
        value = operand.value
        if name == "abs":
            return Term("number", self.z3.If(value >= 0, value, -value), operand.null)
        whole = self.z3.ToInt(value) if name == "floor" else -self.z3.ToInt(-value)
        return Term("number", self.z3.ToReal(whole), operand.null)


_FUNCTIONS = frozenset(("not", "abs", "floor", "ceiling"))
_ADDED = frozenset(("number", "days and time duration", "years and months duration"))
_SPANS = frozenset(("days and time duration", "years and months duration"))
_POINTS = frozenset(("date", "time", "date and time", "date and time with offset"))
_NAMES: Mapping[type, str] = {
    tree.ListOf: "a list",
    tree.Context: "a context",
    tree.Range: "a range",
    tree.InstanceOf: "instance of",
    tree.For: "for",
    tree.Quantified: "some or every",
    tree.Filter: "a filter",
    tree.FunctionDefinition: "a function",
    tree.UnaryTests: "unary tests",
    tree.Test: "a test",
}


def _order(operator: str, left: Any, right: Any) -> Any:
    if operator in (">", ">="):
        left, right, operator = right, left, operator.replace(">", "<")
    return left < right if operator == "<" else left <= right


def _constant_number(node: tree.Node, otherwise: str) -> Decimal:
    try:
        value = ranges.constant(node)
    except (FeelError, TypeError) as error:
        raise NotTranslatable(otherwise) from error
    assert isinstance(value, Decimal)
    return value
