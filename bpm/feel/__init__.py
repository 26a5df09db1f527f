"""FEEL, the one expression language of the house (DMN 1.5, chapter 10).

Why it is so:

- *Own parser and evaluator.* No library gives both the whole language and a tree to reason about, and names with
  blanks, `]a..b[` and unary tests depend on context. The tree is shared: the engine evaluates it, the analyser reads
  intervals from it, the simulator compiles it to instructions.
- *Nothing of Python is reachable.* A text becomes a tree or is refused; a name is looked up among given values and
  the built-in functions; a member is an entry of a context or a listed property. Expressions of other languages are
  kept as text and refused at evaluation. There is no place where a text of a model becomes code.
- *An error is null with a warning*, as the standard asks, never an exception: a case does not break, and the reader
  still learns what went wrong. Only a spent budget (steps, depth, size) stops an evaluation as a whole.
- *The same input gives the same value*: numbers are decimal128, `now` is given by the caller, `random` does not exist.

Values: Decimal, str, bool, None, date, time, datetime, DaysTimeDuration, YearsMonthsDuration, list, dict, RangeValue,
functions. Below it stand only errors, clock and settings.
"""

from __future__ import annotations

from bpm.feel.budget import Budget
from bpm.feel.data import from_json, to_json
from bpm.feel.evaluate import evaluate, matches
from bpm.feel.syntax import parse_expression, parse_unary_tests, tree
from bpm.feel.syntax import walk as _walk
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration
from bpm.feel.types import Type
from bpm.feel.values import RangeValue

__all__ = [
    "Budget",
    "DaysTimeDuration",
    "RangeValue",
    "Type",
    "YearsMonthsDuration",
    "evaluate",
    "free_names",
    "from_json",
    "matches",
    "parse_expression",
    "parse_unary_tests",
    "to_json",
]


def free_names(node: tree.Node) -> frozenset[str]:
    """The names an expression or a cell takes from its scope; built-in functions that are called do not count."""
    from bpm.feel.builtins import BUILTINS

    return _walk.free_names(node, frozenset(BUILTINS))
