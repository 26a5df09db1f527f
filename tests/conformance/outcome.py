"""What a suite gives, and where the suites lie."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Outcome:
    """One suite: `failed` are ids; `extra` are further fields of the JSON line."""

    suite: str
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.passed + len(self.failed)

    def line(self) -> str:
        content = {"suite": self.suite, "passed": self.passed, "total": self.total, "failed": self.failed, **self.extra}
        return json.dumps(content, ensure_ascii=False, sort_keys=True)


def data_folder() -> Path:
    """`BPM_CONFORMANCE_DATA`, else `../shared/data` beside the project."""
    stated = os.environ.get("BPM_CONFORMANCE_DATA")
    return Path(stated) if stated else Path(__file__).parents[2].parent / "shared" / "data"
