"""What the rules of a table say, as far as two results can be told apart without a case.

Constants pass the declared types of output and decision as they do when the table is decided: what does not fit
becomes null. What cannot be told is `Unclear` for the whole table, or None in a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from bpm.analyser.tables import Geometry, Output, differ, output_of
from bpm.decisions import prepare
from bpm.errors import FeelError, LichtungError
from bpm.feel import ranges
from bpm.feel.syntax import parse_unary_tests
from bpm.feel.types import Type, coerce
from bpm.model.decision import OutputClause

LISTS = ("RULE ORDER", "OUTPUT ORDER", "COLLECT")
EVERY = "COUNT"
DIGITS = 34
"""FEEL's numbers have so many; a sum that needs more is rounded."""

NULL: Output = ("constant", "null", None)
Row: TypeAlias = tuple[Output, ...]


class Unclear(Exception):
    """Nothing can be said about the table's results; carries the reason by language."""

    def __init__(self, de: str, en: str) -> None:
        super().__init__(en)
        self.reason: Mapping[str, str] = {"de": de, "en": en}


class Outcomes:
    """Results by rule (0-based). `policy` is the hit policy, or the aggregation under COLLECT; `strength` orders the
    rules of FIRST and PRIORITY (lower goes first; None: unknown)."""

    def __init__(
        self,
        policy: str,
        rows: Sequence[Row],
        default: Row | None,
        strength: Sequence[tuple[int, ...] | None],
    ) -> None:
        self.policy, self.strength = policy, strength
        self.rows, self.default = rows, default
        known: dict[Any, int] = {}
        self._class = [known.setdefault(_key(row), len(known)) for row in rows]
        self._differ: dict[tuple[int, int], bool | None] = {}

    def differ(self, left: int, right: int) -> bool | None:
        """Whether two rules say different things in every case; None if that depends on the case."""
        one, other = self._class[left], self._class[right]
        if one == other:
            return False
        pair = (one, other) if one < other else (other, one)
        if pair not in self._differ:
            self._differ[pair] = differ(tuple(self.rows[left]), tuple(self.rows[right]))
        return self._differ[pair]

    def differ_from_default(self, rule: int) -> bool | None:
        """Whether this rule alone gives something else than no rule at all."""
        if self.default is None:
            return True
        if self.policy in LISTS:
            return True if self.default[0][0] == "constant" else None
        row = (("constant", "number", Decimal(1)),) if self.policy == EVERY else self.rows[rule]
        return differ(tuple(row), self.default)

    def number(self, rule: int) -> Any:
        """The only output of a rule that is aggregated."""
        return self.rows[rule][0][2]


def outcomes(shape: Geometry) -> Outcomes:
    """The results of a table.

    Raises:
        Unclear: nothing is decidable about them.
    """
    table = shape.at.table
    policy = table.aggregation if table.hit_policy == "COLLECT" and table.aggregation else table.hit_policy
    if not table.outputs or any(len(row) != len(table.outputs) for row in shape.outputs):
        raise Unclear("eine Zeile hat nicht so viele Ergebnisse wie Spalten", "a row has not one output per column")
    types, whole = _types(shape)
    rows: list[Row] = [
        tuple(_settled(cell, text, type) for cell, text, type in zip(row, rule.outputs, types, strict=True))
        for row, rule in zip(shape.outputs, table.rules, strict=True)
    ]
    texts = [clause.default for clause in table.outputs]
    default: Row | None = tuple(
        NULL if text is None else _settled(output_of(text), text, type) for text, type in zip(texts, types, strict=True)
    )
    if policy in LISTS or policy == EVERY or len(rows[0] if rows else texts) > 1:
        default = _default_beside(policy, texts, default or ())
    if policy in ("SUM", "MIN", "MAX"):
        _check_aggregation(policy, rows)
    strength: list[tuple[int, ...] | None] = [(rule,) for rule in range(len(rows))]
    if policy in ("PRIORITY", "OUTPUT ORDER"):
        strength = _ranks(table.outputs, rows)
    if whole.kind == "list" and any(text is not None for text in texts):
        raise _unfit(whole)  # the default becomes a list of one, as a single match does
    if whole.kind != "Any":
        rows, default = _as_decided(policy, [clause.name for clause in table.outputs], rows, default, whole)
    return Outcomes(policy, rows, default, strength)


def _types(shape: Geometry) -> tuple[list[Type], Type]:
    """The types of the outputs, and that of the decision if the table is all of it."""
    decision = shape.at.decision
    try:
        known = prepare(shape.at.model).types
        whole = known.named(decision.type if decision is not None and decision.logic is shape.at.table else None)
        return [known.named(clause.type) for clause in shape.at.table.outputs], whole
    except LichtungError as error:
        raise Unclear("die Typen der Datei passen nicht zusammen", "the types of the file do not fit") from error


def _settled(cell: Output, text: str, type: Type) -> Output:
    """A cell as what it gives: nothing written is null, and so is a constant that its type does not take."""
    if text.strip() in ("", "-"):
        return NULL
    if cell[0] != "constant" or cell[2] is None:
        return cell
    return _constant(coerce(cell[2], type)[0])


def _constant(value: Any) -> Output:
    if value is None:
        return NULL
    if isinstance(value, list | dict):
        return ("text", repr(value))
    return ("constant", ranges.kind_of(value), value)


def _default_beside(policy: str, texts: Sequence[str | None], default: Row) -> Row | None:
    """The default where a result has another shape than one output value; None: no rule's result can equal it."""
    if all(text is None for text in texts):
        return (("constant", "number", Decimal(0)),) if policy == EVERY else None
    if policy in LISTS or policy == EVERY:
        return default if len(texts) == 1 else None  # several outputs are a context, which no list or number is
    return default


def _as_decided(
    policy: str, names: Sequence[str], rows: list[Row], default: Row | None, whole: Type
) -> tuple[list[Row], Row | None]:
    """The results after the type of the decision; where it might make different ones equal, nothing is claimed."""
    if policy in LISTS:
        fits = whole.kind == "list" and _all_fit(names, rows, whole)
    elif policy in (EVERY, "SUM", "MIN", "MAX"):
        fits = whole.kind == "number" and (policy == EVERY or all(row[0][1] == "number" for row in rows))
    elif len(names) > 1:
        fits = whole.kind == "context" and _all_fit(names, rows if default is None else [*rows, default], whole)
    else:
        decided: list[Row] = [(_settled(row[0], "x", whole),) for row in rows]
        if policy in ("UNIQUE", "ANY") and decided != rows:
            raise _unfit(whole)  # rules contradict each other by what they say, not by what the decision makes of it
        return decided, None if default is None else (_settled(default[0], "x", whole),)
    if not fits or (whole.allowed is not None and policy not in ("UNIQUE", "ANY", "FIRST", "PRIORITY")):
        raise _unfit(whole)
    return rows, default


def _all_fit(names: Sequence[str], rows: Sequence[Row], whole: Type) -> bool:
    """Whether all results, each by itself, are constants that the type takes as they are."""

    def fits(row: Row) -> bool:
        if any(cell[0] != "constant" for cell in row):
            return False
        values = [cell[2] for cell in row]
        value = values[0] if len(values) == 1 else dict(zip(names, values, strict=True))
        found, problem = coerce([value] if whole.kind == "list" else value, whole)
        return problem is None and found == ([value] if whole.kind == "list" else value)

    return all(fits(row) for row in rows)


def _unfit(whole: Type) -> Unclear:
    return Unclear(
        f"ob das Ergebnis zum Typ der Entscheidung ({whole.kind}) passt, ist nicht sicher",
        f"whether the result fits the type of the decision ({whole.kind}) is not certain",
    )


def _key(row: Row) -> Any:
    try:
        hash(row)
    except TypeError:
        return repr(row)
    return row


def _check_aggregation(policy: str, rows: Sequence[Row]) -> None:
    kinds = {row[0][1] if len(row) == 1 and row[0][0] == "constant" else "" for row in rows}
    if len(kinds) > 1 or not kinds <= ({"number"} if policy == "SUM" else ORDERED):
        raise Unclear(
            f"{policy} über Ergebnisse, die keine Konstanten einer Art sind",
            f"{policy} of results that are not constants of one kind",
        )
    if policy == "SUM":
        numbers = [Decimal(row[0][2]) for row in rows if row[0][2] != 0]
        lowest = min((int(number.as_tuple().exponent) for number in numbers), default=0)
        highest = max((number.adjusted() + 1 for number in numbers), default=0)
        if highest - lowest + len(str(len(rows))) > DIGITS:
            raise Unclear("die Summe wird gerundet", "the sum is rounded")


ORDERED = {"number", "date", "days and time duration", "years and months duration"}


def _ranks(outputs: Sequence[OutputClause], rows: Sequence[Row]) -> list[tuple[int, ...] | None]:
    """The place of every rule by the lists of output values, the first output first, then the order of the rules."""
    if all(clause.values is None for clause in outputs):
        raise Unclear("es fehlt die Rangfolge der Ergebnisse", "the order of the output values is missing")
    orders: list[list[Any] | None] = []
    for clause in outputs:
        try:
            tests = () if clause.values is None else parse_unary_tests(clause.values).tests
            if any(test.operator != "=" for test in tests):
                raise FeelError("feel-constant", "a range in the order")
            orders.append(None if clause.values is None else [ranges.constant(test.operand) for test in tests])
        except (FeelError, TypeError) as error:
            raise Unclear(
                "die Rangfolge der Ergebnisse ist keine Liste von Werten", "the order of outputs is no list of values"
            ) from error
    ranks: list[tuple[int, ...] | None] = []
    for number, row in enumerate(rows):
        rank: list[int] = []
        for cell, order in zip(row, orders, strict=True):
            if order is None:
                rank.append(0)
            elif cell[0] == "constant":
                kinds = [it is not None and cell[1] == ranges.kind_of(it) and it == cell[2] for it in order]
                rank.append(kinds.index(True) if True in kinds else len(order))
        ranks.append((*rank, number) if len(rank) == len(orders) else None)
    return ranks
