"""Questions a procedure: one finding type per file in `checks`, each with its defence beside it.

Why it is so: a finding is read by people who must decide and by auditors who must follow, so every check carries its
documentation in two languages, says what its verdict rests on (a proof about the model, a measurement, a heuristic),
and says *skipped, because ...* where it cannot decide. What nobody recorded is a question for the department, never a
finding.

Where to look (`check` declares a check, `given` holds what it may look at, `catalogue` lists them, `run` applies them):

=============  =====================================================================================================
the frame      `check` `given` `catalogue` `run` `finding` `unrecorded`
rules          `tables` and `boxes` (a table as geometry), `search` `cutting` `nearness` (gaps and covers), `rows`
               `outcomes` `relevance` `ablation` `equivalence` (what rows are to each other, what changes without one)
across rules   `upstream` `chains` (requirement graphs), `joint` `rivals` `thresholds` (several tables), `offers`
               `suppliers` (who feeds a table), `guards` `bounds` (conditions), `defects` (broken models), `examples`
the solver     `proofs` `unboxed` (z3, for what is no box; the extra "verify")
flow           `soundness` on `net` `reduction` `exploration` `concurrency`
data           `dataflow` on `datause`, `dataflaws`, `conditions` (what is certain about the data at a node)
steps          `likeness` `adjacent` `effects` `protected` `knockouts` `ordering`
law            `formality` `validity` `normative` `automata` `wording` (norms), `resting` (principles)
real logs      `observed` `reality` `rounds` `waiting` `trials` `rulefinding`
remedies       `remedies` `observable` (processes), `tableremedies` (tables), `redesign` (several together)
=============  =====================================================================================================

`warm` compiles the machine code of `cutting` ahead of time.
"""
