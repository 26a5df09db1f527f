"""Conformance with public test suites: `python -m tests.conformance [--data DIR]`, one JSON line per suite.

A suite kind is one module with `suites(data)` (folders it recognises, with their names) and `judge(folder)`.
"""
