"""One finding type per file. A check reads only `Given` and knows no other check.

A file has: the module docstring with the sections of `bpm.analyser.check.SECTIONS`, the German twin in `DE`, and one
function decorated with `@check(...)`. It needs one line in `bpm.analyser.catalogue` and fixtures in `tests/checks/`.
"""
