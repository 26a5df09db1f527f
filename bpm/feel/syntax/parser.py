"""The Pratt parser: FEEL text to the tree of `bpm.feel.syntax.tree` (DMN 1.5, 10.3.1, rules 1-66).

Binding powers, weakest first: or, and, comparison (`= != < <= > >= between in`), `+ -`, `* /`, `**`, arithmetic
minus, `instance of`, postfix (`.name`, `[filter]`, `(arguments)`). An unknown run of words is taken as one name, since
two operands never stand side by side in FEEL: so `Alter des Hundes > 3` parses without any scope.

Every text ends in a tree, a FeelSyntaxError or a BudgetExceeded: length, nesting and rows of operators are counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from decimal import Context as DecimalContext
from functools import lru_cache
from typing import TYPE_CHECKING

from bpm.errors import BudgetExceeded, FeelSyntaxError
from bpm.feel.syntax import tree
from bpm.feel.syntax.names import Names, index, text_of
from bpm.feel.syntax.scanner import Token, scan, unescape
from bpm.feel.syntax.vocabulary import SPACED_BUILTINS, TYPE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTH = 4_000
"""Characters of one expression in a model, unless the caller says otherwise."""
DEPTH = 50
"""Brackets, functions and loops inside each other."""
ROW = 500
"""Operators in a row on one level: the height of the tree stays bounded for everyone who walks it."""
LEVELS = 3
"""Operand levels per allowed nesting."""

COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))
_INFIX_WORDS = frozenset(("and", "or", "between", "in", "instance", "then", "else", "return", "satisfies"))
_POWERS = {"or": 10, "and": 20, "between": 30, "in": 30, "+": 40, "-": 40, "*": 50, "/": 50, "**": 60}
_POWERS |= dict.fromkeys(COMPARISONS, 30)
_POWERS |= {"instance": 70, ".": 80, "[": 80, "(": 80}
_UNARY_MINUS = 65
_OPERAND_OF_COMPARISON = 35
_IN_NAMES = frozenset((".", "/", "-", "'", "+", "*"))
_ENDS_RANGE = frozenset((")", "]", "}", ",", ".", "=", "!=", "<=", ">=", "<", ">"))
_DECIMAL128 = DecimalContext(prec=34, Emin=-6143, Emax=6144, traps=[])


def parse_expression(text: str, names: Iterable[str] = (), *, depth: int = DEPTH, length: int = LENGTH) -> tree.Node:
    """The tree of an expression. `names` are the known variables (and their components).

    Raises FeelSyntaxError with the position, BudgetExceeded beyond `length` characters or `depth` nestings.
    """
    return _expression(text, frozenset(names), depth, length)


def parse_unary_tests(
    text: str, names: Iterable[str] = (), *, depth: int = DEPTH, length: int = LENGTH
) -> tree.UnaryTests:
    """The tests of a cell: `-` and an empty cell are the dash. Raises as `parse_expression`."""
    return _unary_tests(text, frozenset(names), depth, length)


@lru_cache(maxsize=4_096)
def _expression(text: str, names: frozenset[str], depth: int, length: int) -> tree.Node:
    parser = Parser(text, names, depth, length)
    with _recursion_as_budget(depth):
        return parser.whole_expression()


@lru_cache(maxsize=16_384)
def _unary_tests(text: str, names: frozenset[str], depth: int, length: int) -> tree.UnaryTests:
    if text.strip() in ("", "-"):
        return tree.UnaryTests(())
    parser = Parser(text, names, depth, length)
    with _recursion_as_budget(depth):
        return parser.whole_tests()


@contextmanager
def _recursion_as_budget(depth: int) -> Iterator[None]:
    """The counters stop first; this is the net for a caller whose own stack is nearly used up."""
    try:
        yield
    except RecursionError:
        raise BudgetExceeded("levels of nesting", depth) from None


class Parser:
    """One text; every method takes tokens from `at` on and leaves `at` behind what it took."""

    def __init__(self, text: str, names: frozenset[str], depth: int, length: int) -> None:
        if len(text) > length:
            raise BudgetExceeded("characters in an expression", length)
        self.text = text
        self.tokens = scan(text)
        self.at = 0
        self.known = index(names | SPACED_BUILTINS)
        self.local: list[Names] = []
        self.depth = depth
        self.nested = 0
        self.level = 0
        self.questions = 0
        self.endpoint = False

    # --- tokens ----------------------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def peek(self, text: str, ahead: int = 0) -> bool:
        at = self.at + ahead
        return at < len(self.tokens) and self.tokens[at].text == text and self.tokens[at].kind in ("symbol", "word")

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise self.error(f"{text!r} expected")

    def error(self, message: str) -> FeelSyntaxError:
        return FeelSyntaxError(message, self.text, self.token.start)

    @contextmanager
    def inside(self, *names: str) -> Iterator[None]:
        """One level of brackets; `names` are bound in it."""
        self.nested += 1
        if self.nested > self.depth:
            raise BudgetExceeded("levels of nesting", self.depth)
        endpoint, self.endpoint = self.endpoint, False
        self.local.append(Names(names))
        try:
            yield
        finally:
            self.local.pop()
            self.endpoint = endpoint
            self.nested -= 1

    # --- whole texts -----------------------------------------------------------------------------------------

    def whole_expression(self) -> tree.Node:
        node = self.expression()
        self.end()
        return node

    def whole_tests(self) -> tree.UnaryTests:
        if self.peek("not") and self.peek("(", 1):
            self.at = 2
            with self.inside():
                tests = self.tests()
            if self.take(")") and self.token.kind == "end":
                return tree.UnaryTests(tests, negated=True)
            self.at = 0
        if self.peek("-") and self.tokens[1].kind == "end":
            return tree.UnaryTests(())
        tests = self.tests()
        self.end()
        return tree.UnaryTests(tests)

    def end(self) -> None:
        if self.token.kind != "end":
            raise self.error("an operator or the end expected")

    def tests(self) -> tuple[tree.Test, ...]:
        found = [self.test()]
        while self.take(","):
            found.append(self.test())
        return tuple(found)

    def test(self, power: int = 0) -> tree.Test:
        start = self.token.start
        if self.token.text in COMPARISONS and self.token.kind == "symbol":
            operator = self.token.text
            self.at += 1
            return tree.Test(operator, self.expression(_OPERAND_OF_COMPARISON), position=start)
        questions = self.questions
        operand = self.expression(power)
        if isinstance(operand, tree.Range):
            return tree.Test("in", operand, position=start)
        return tree.Test("?" if self.questions > questions else "=", operand, position=start)

    # --- expressions -----------------------------------------------------------------------------------------

    def expression(self, power: int = 0) -> tree.Node:
        """An operand and all operators that bind tighter than `power`."""
        self.level += 1
        if self.level > self.depth * LEVELS:
            raise BudgetExceeded("levels of nesting", self.depth)
        left = self.operand()
        row = 0
        while True:
            token = self.token
            binding = _POWERS.get(token.text, 0) if token.kind in ("symbol", "word") else 0
            if binding <= power or (token.text == "[" and self.closes_range()):
                break
            row += 1
            if row > ROW:
                raise BudgetExceeded("operators in a row", ROW)
            self.at += 1
            left = self.extend(left, token, binding)
        self.level -= 1
        return left

    def closes_range(self) -> bool:
        """Inside a range end, `[` closes the range where no filter condition can follow it."""
        if not self.endpoint:
            return False
        after = self.tokens[self.at + 1]
        return after.kind == "end" or after.text in _ENDS_RANGE or after.text in _INFIX_WORDS

    def extend(self, left: tree.Node, token: Token, binding: int) -> tree.Node:
        """`left` with the operator `token` (already taken) and its right side."""
        operator = token.text
        if operator in COMPARISONS:
            return tree.Comparison(operator, left, self.expression(binding), position=left.position)
        if operator in ("and", "or"):
            return tree.Logic(operator, left, self.expression(binding), position=left.position)
        if operator == "between":
            low = self.expression(_OPERAND_OF_COMPARISON)
            self.expect("and")
            return tree.Between(left, low, self.expression(_OPERAND_OF_COMPARISON), position=left.position)
        if operator == "in":
            return tree.In(left, self.in_tests(), position=left.position)
        if operator == "instance":
            self.expect("of")
            return tree.InstanceOf(left, self.type_name(), position=left.position)
        if operator == ".":
            return tree.Path(left, self.name(member=True), position=left.position)
        if operator == "[":
            with self.inside("item"):
                condition = self.expression()
                self.expect("]")
            return tree.Filter(left, condition, position=left.position)
        if operator == "(":
            return self.invocation(left, left.position)
        return tree.Arithmetic(operator, left, self.expression(binding), position=left.position)

    def in_tests(self) -> tuple[tree.Test, ...]:
        start = self.at
        if self.take("("):
            with self.inside():
                tests = self.tests()
                done = self.take(")")
            if done:
                return tests
            self.at = start  # not a list of tests but a range such as (1..5]
        return (self.test(_OPERAND_OF_COMPARISON),)

    def operand(self) -> tree.Node:
        token = self.token
        if token.kind == "number":
            self.at += 1
            return self.number(token)
        if token.kind == "string":
            self.at += 1
            return tree.String(unescape(token.text), position=token.start)
        if token.kind == "word":
            return self.word(token)
        opener = _OPENERS.get(token.text) if token.kind == "symbol" else None
        if opener is None:
            return self.known_or_refused(token)
        self.at += 1
        return opener(self, token.start)

    def number(self, token: Token) -> tree.Node:
        value = _DECIMAL128.create_decimal(token.text)
        if not value.is_finite():
            raise FeelSyntaxError("a number beyond decimal128", self.text, token.start)
        return tree.Number(value, position=token.start)

    def word(self, token: Token) -> tree.Node:
        literal = token.text in ("true", "false", "null")
        start = _KEYWORDS.get(token.text)
        if start is None and not literal:
            if token.text in _INFIX_WORDS and self.match() is None:
                raise self.error("an operand expected")
            return tree.Name(self.name(), position=token.start)
        found = self.match()
        if found is not None and found[1] > 1:
            self.at += found[1]
            return tree.Name(found[0], position=token.start)
        self.at += 1
        if token.text == "null":
            return tree.Null(position=token.start)
        if start is None:
            return tree.Boolean(token.text == "true", position=token.start)
        return start(self, token.start)

    def known_or_refused(self, token: Token) -> tree.Node:
        found = self.match()
        if found is None:
            raise self.error("an operand expected")
        self.at += found[1]
        return tree.Name(found[0], position=token.start)

    # --- operands that open with a symbol --------------------------------------------------------------------

    def question(self, start: int) -> tree.Node:
        self.questions += 1
        return tree.Name("?", position=start)

    def minus(self, start: int) -> tree.Node:
        operand = self.expression(_UNARY_MINUS)
        if isinstance(operand, tree.Number) and operand.value != 0:
            return tree.Number(-operand.value, position=start)
        return tree.Negation(operand, position=start)

    def at_literal(self, start: int) -> tree.Node:
        if self.token.kind != "string":
            raise self.error("a string expected after @")
        self.at += 1
        return tree.AtLiteral(unescape(self.tokens[self.at - 1].text), position=start)

    def round_bracket(self, start: int) -> tree.Node:
        with self.inside():
            if self.token.kind == "symbol" and self.token.text in COMPARISONS:
                node = self.unary_range(start)
                self.expect(")")
                return node
            node = self.expression()
            if self.take(".."):
                return self.range_from(node, False, start)
            self.expect(")")
        return node

    def unary_range(self, start: int) -> tree.Node:
        operator = self.token.text
        self.at += 1
        end = self.expression(_OPERAND_OF_COMPARISON)
        if operator == "=":
            return tree.Range(end, end, True, True, position=start)
        if operator == "!=":
            raise FeelSyntaxError("a range cannot be all but one value", self.text, start)
        if operator[0] == "<":
            return tree.Range(None, end, False, operator == "<=", position=start)
        return tree.Range(end, None, operator == ">=", False, position=start)

    def square_bracket(self, start: int) -> tree.Node:
        with self.inside():
            if self.take("]"):
                return tree.ListOf((), position=start)
            first = self.expression()
            if self.take(".."):
                return self.range_from(first, True, start)
            items = [first]
            while self.take(","):
                items.append(self.expression())
            self.expect("]")
        return tree.ListOf(tuple(items), position=start)

    def open_range(self, start: int) -> tree.Node:
        with self.inside():
            low = self.expression()
            self.expect("..")
            return self.range_from(low, False, start)

    def range_from(self, low: tree.Node, low_included: bool, start: int) -> tree.Node:
        self.endpoint = True
        high = self.expression()
        self.endpoint = False
        for closing, included in (("]", True), (")", False), ("[", False)):
            if self.take(closing):
                return tree.Range(low, high, low_included, included, position=start)
        raise self.error("the end of the range expected")

    def curly_bracket(self, start: int) -> tree.Node:
        entries: list[tuple[str, tree.Node]] = []
        with self.inside():
            while not self.take("}"):
                if entries:
                    self.expect(",")
                if self.token.kind == "string":
                    key = unescape(self.token.text)
                    self.at += 1
                else:
                    key = self.declared((":",))
                self.expect(":")
                entries.append((key, self.expression()))
                self.local[-1].add(key)
        return tree.Context(tuple(entries), position=start)

    # --- operands that open with a keyword -------------------------------------------------------------------

    def conditional(self, start: int) -> tree.Node:
        condition = self.expression()
        self.expect("then")
        then = self.expression()
        self.expect("else")
        return tree.If(condition, then, self.expression(), position=start)

    def loop(self, start: int) -> tree.Node:
        with self.inside("partial"):
            iterations = self.iterations()
            self.expect("return")
            return tree.For(iterations, self.expression(), position=start)

    def some(self, start: int) -> tree.Node:
        return self.quantified("some", start)

    def every(self, start: int) -> tree.Node:
        return self.quantified("every", start)

    def quantified(self, quantifier: str, start: int) -> tree.Node:
        with self.inside():
            iterations = self.iterations()
            self.expect("satisfies")
            return tree.Quantified(quantifier, iterations, self.expression(), position=start)

    def iterations(self) -> tuple[tree.Iteration, ...]:
        found = []
        while True:
            start = self.token.start
            name = self.declared(("in",))
            self.expect("in")
            domain = self.expression()
            end = self.expression() if self.take("..") else None
            found.append(tree.Iteration(name, domain, end, position=start))
            self.local[-1].add(name)
            if not self.take(","):
                return tuple(found)

    def function(self, start: int) -> tree.Node:
        parameters: list[tree.Parameter] = []
        self.expect("(")
        with self.inside():
            while not self.take(")"):
                if parameters:
                    self.expect(",")
                place = self.token.start
                name = self.declared((":", ",", ")"))
                kind = self.type_name() if self.take(":") else None
                parameters.append(tree.Parameter(name, kind, position=place))
                self.local[-1].add(name)
            external = self.take("external")
            return tree.FunctionDefinition(tuple(parameters), self.expression(), external, position=start)

    # --- invocations, names, types ---------------------------------------------------------------------------

    def invocation(self, function: tree.Node, start: int) -> tree.Node:
        arguments: list[tree.Node] = []
        named: list[tuple[str, tree.Node]] = []
        with self.inside():
            while not self.take(")"):
                if arguments or named:
                    self.expect(",")
                if self.names_argument():
                    name = self.declared((":",))
                    self.expect(":")
                    named.append((name, self.expression()))
                else:
                    arguments.append(self.expression())
                if arguments and named:
                    raise self.error("arguments are given either all by name or all by position")
        return tree.Invocation(function, tuple(arguments), tuple(named), position=start)

    def names_argument(self) -> bool:
        at = self.at
        while self.tokens[at].kind in ("word", "number") or self.tokens[at].text in _IN_NAMES:
            at += 1
        return at > self.at and self.tokens[at].text == ":" and self.tokens[at].kind == "symbol"

    def declared(self, stops: tuple[str, ...]) -> str:
        """A new name, up to one of `stops`."""
        start = self.at
        while True:
            token = self.token
            if self.at > start and token.text in stops and token.kind != "string":
                return text_of(self.tokens[start : self.at])
            named = token.kind == "word" or (
                self.at > start and (token.kind == "number" or (token.kind == "symbol" and token.text in _IN_NAMES))
            )
            if not named:
                raise self.error("a name expected")
            self.at += 1

    def match(self) -> tuple[str, int] | None:
        """The longest known name here; `date and time` only where it is called or compared as a whole."""
        best = self.known.longest(self.tokens, self.at)
        if best is not None and best[0] in SPACED_BUILTINS and " and " in best[0] and not self.peek("(", best[1]):
            best = None
        for names in self.local:
            found = names.longest(self.tokens, self.at)
            if found is not None and (best is None or found[1] > best[1]):
                best = found
        return best

    def name(self, member: bool = False) -> str:
        """A name in use: the longest known one, else the run of words; also after a dot (`member`)."""
        start = self.at
        token = self.token
        if token.kind != "word" and (token.kind == "end" or self.match() is None):
            raise self.error("a name expected")
        found = self.match()
        count = 1
        while self.tokens[start + count].spaced and (
            (self.tokens[start + count].kind == "word" and self.tokens[start + count].text not in _INFIX_WORDS)
            or (self.tokens[start + count].kind == "number" and self.tokens[start + count].text.isdigit())
        ):
            count += 1
        if found is not None and (found[1] >= count or self.tokens[start + found[1]].kind == "symbol"):
            self.at = start + found[1]
            return found[0]
        self.at = start + count
        return text_of(self.tokens[start : self.at])

    def type_name(self) -> tree.TypeName:
        start = self.token.start
        with self.inside():
            name = self.type_words()
            if name == "function" and self.take("<"):
                return self.function_type(start)
            if name == "context" and self.take("<"):
                return self.context_type(start)
            if self.take("<"):
                inner = self.type_name()
                self.expect(">")
                return tree.TypeName(name, (inner,), position=start)
        return tree.TypeName(name, position=start)

    def type_words(self) -> str:
        found = TYPE_NAMES.longest(self.tokens, self.at)
        if found is not None:
            self.at += found[1]
            return found[0]
        if self.token.text == "function":
            self.at += 1
            return "function"
        name = self.name()
        while self.peek(".") and self.tokens[self.at + 1].kind == "word":
            self.at += 1
            name = f"{name}.{self.name()}"
        return name

    def function_type(self, start: int) -> tree.TypeName:
        arguments: list[tree.TypeName] = []
        while not self.take(">"):
            if arguments:
                self.expect(",")
            arguments.append(self.type_name())
        self.expect("->")
        return tree.TypeName("function", (*arguments, self.type_name()), position=start)

    def context_type(self, start: int) -> tree.TypeName:
        fields: list[str] = []
        types: list[tree.TypeName] = []
        while not self.take(">"):
            if fields:
                self.expect(",")
            fields.append(self.declared((":",)))
            self.expect(":")
            types.append(self.type_name())
        return tree.TypeName("context", tuple(types), tuple(fields), position=start)


_OPENERS = {
    "?": Parser.question,
    "-": Parser.minus,
    "@": Parser.at_literal,
    "(": Parser.round_bracket,
    "[": Parser.square_bracket,
    "]": Parser.open_range,
    "{": Parser.curly_bracket,
}
_KEYWORDS = {
    "if": Parser.conditional,
    "for": Parser.loop,
    "some": Parser.some,
    "every": Parser.every,
    "function": Parser.function,
}
