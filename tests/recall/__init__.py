"""Recall and precision of the checks, measured by injected defects.

Clean procedures are made (`tables`, `flows`) or taken from the library (`library`), one defect is injected in each
(`tableops`, `flowops`, `stepops`), and what the analyser says is held against what the definitions of the catalogue
say. Operators and the oracle (`truth`) follow the definitions, never the code of a check.
"""
