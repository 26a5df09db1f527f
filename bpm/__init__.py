"""Lichtung: the engine with which a city clears bureaucracy away.

Floors, from below (import-linter keeps them): errors, clock, settings < feel < model, eventlog < costs <
decisions, kpis < analyser, simulator, engine, exchange < question, review < store, jobs, report, package <
service < cli, worker < api.
"""

from __future__ import annotations

__version__ = "0.1.0"
