"""Lichtung: the engine with which a city clears bureaucracy away.

Floors, from below (import-linter keeps them): errors, clock, settings < feel < model, eventlog < costs <
decisions, kpis < analyser, simulator, engine, exchange < question, review < store, jobs, report, package <
service < cli, worker < api.
"""

from __future__ import annotations

__version__ = "0.1.0"

FACE = ("read", "decide", "check", "simulate")
"""What notebooks and scripts use; loaded with the first use, because the rooms behind them are heavy."""


def __getattr__(name: str) -> object:
    if name in FACE:
        import importlib

        return getattr(importlib.import_module("bpm.service.scripting"), name)
    raise AttributeError(f"module 'bpm' has no attribute {name!r}")
