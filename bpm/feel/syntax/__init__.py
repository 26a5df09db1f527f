"""FEEL text to tree: scanner, names, Pratt parser, walking.

Written by hand because FEEL is context dependent: names with blanks need the scope, `[` opens a list, a range or a
filter and may close a range, and `in`, `and`, `date` may be part of a name. Nothing here evaluates anything.
"""

from bpm.feel.syntax.parser import parse_expression, parse_unary_tests

__all__ = ["parse_expression", "parse_unary_tests"]
