"""The built-in functions of FEEL (DMN 1.5, 10.3.4), one file per family.

A function takes the evaluation and its arguments, returns a value or raises Fault (the call is then null with a
warning). It spends the budget before it does work in proportion to its arguments. `random number` is left out: the
same input gives the same result here.
"""

from bpm.feel.builtins import contexts, conversion, lists, numbers, ranges, strings, temporals
from bpm.feel.builtins.registry import BUILTINS

__all__ = ["BUILTINS", "contexts", "conversion", "lists", "numbers", "ranges", "strings", "temporals"]
