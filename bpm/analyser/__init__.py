"""Questions a procedure: one finding type per file in `checks`, each with its defence beside it.

Why it is so: a finding is read by people who must decide and by auditors who must follow, so every check carries its
documentation in two languages, says what its verdict rests on (a proof about the model, a measurement, a heuristic),
and says *skipped, because ...* where it cannot decide. What nobody recorded is a question for the department, never a
finding. `given` holds what checks may look at, `check` declares one, `catalogue` lists them, `run` applies them.
"""
