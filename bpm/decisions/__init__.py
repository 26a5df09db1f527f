"""Decisions: a DMN model and inputs give a result, and which rules gave it.

Why it is so:

- *Nothing is glued or guessed.* Each cell is parsed once as the unary test it is and evaluated against the value of
  its column. A cell that is not FEEL stops the decision with an error that names it; it never just fails to match.
- *Overlap is judged, not hidden.* Under UNIQUE and ANY all rules are tried; rules that hit together and disagree are
  a DecisionError with their numbers. Equal results pass with a warning.
- *Requirements are walked in a loop*, required decisions first, so a chain of any length needs no stack; a cycle is
  an error that names its members.
- *Rules are found, not tried.* `index` searches each column and intersects the rules; where it cannot say exactly what
  the rows in turn would, they are tried in turn. `batch` does the same for columns of cases, compiled.
- *An expression in error is null with a warning*, as FEEL has it; the warnings come with the result.

`prepare` parses a model lazily and once; `decide` on a prepared model has no parse cost.
"""

from bpm.decisions.prepared import PreparedModel, prepare
from bpm.decisions.run import Decided, Outcome, decide

__all__ = ["Decided", "Outcome", "PreparedModel", "decide", "prepare"]
