"""Findings on models that nobody annotated, judged by hand in `raw.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def lines() -> Iterator[dict[str, Any]]:
    yield from ()
