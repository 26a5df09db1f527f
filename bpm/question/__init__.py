"""What if a rule or a step did not exist.

* `rules`: proofs from the model, and how many drawn cases a table would decide otherwise;
* `absence`: the procedure without a step or a rule, as far as nobody has to guess;
* `paired`: both played with the same luck - outcomes, time and cost of the cases with and without;
* `steps`: every step on trial, ranked by what is expensive and decides little, and all of that taken together.
"""

from bpm.question.rules import (
    CASES,
    Cases,
    CoreOf,
    GuardTrial,
    Note,
    Questioned,
    Trial,
    Uncovered,
    cases_of,
    looked_at,
    question_rules,
    uncovered,
)

__all__ = [
    "CASES",
    "Cases",
    "CoreOf",
    "GuardTrial",
    "Note",
    "Questioned",
    "Trial",
    "Uncovered",
    "cases_of",
    "looked_at",
    "question_rules",
    "uncovered",
]
