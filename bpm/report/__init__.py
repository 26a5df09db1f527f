"""The step-reduction report: what an auditor can trace, recompute and verify.

`figures` draws up the report as one JSON value that holds everything needed to compute it again: the model files, the
request (cases, replications, seed) and every figure. `document` says it in words, once, as a list of blocks; `html` and
`pdf` only set these blocks. Whoever has the report has the proof: recompute from the files inside, set again, compare
byte by byte.
"""
