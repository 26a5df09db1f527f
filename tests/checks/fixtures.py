"""The fixtures of the checks: `tests/checks/<code>/invalid-*` with `invalid-*.json` beside, and `valid-*` near misses.

A fixture is a `.bpmn` or `.dmn` file, a folder with both (one procedure), or a folder of such folders (several).
`<fixture>.log.json` beside it describes a real log of it (see `tests.checks.logs`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bpm.analyser.rivals import with_neighbours
from bpm.analyser.run import Analysis, analyse
from bpm.model.reader import read
from tests.checks.logs import log_of

HERE = Path(__file__).parent


def fixtures(code: str, kind: str) -> Iterator[Path]:
    """The fixtures of a check, `kind` being `valid` or `invalid`."""
    for path in sorted((HERE / code.lower()).glob(f"{kind}-*")):
        if path.suffix in {".bpmn", ".dmn"} or path.is_dir():
            yield path


def expected_file(fixture: Path) -> Path:
    """Where the expected findings of a fixture stand."""
    return fixture.with_name(f"{fixture.stem}.json")


def analyses(fixture: Path, code: str) -> list[Analysis]:
    """What one check says about the procedures of a fixture; an unreadable fixture is a broken test."""
    procedures = read(fixture)
    for procedure in procedures:
        assert not procedure.errors, [str(error) for error in procedure.errors]
    recorded, guide = log_of(fixture)
    given = [replace(one, recorded=recorded, guide=guide) for one in with_neighbours(procedures)]
    return [analyse(one, select=(code,)) for one in given]


def findings(fixture: Path, code: str) -> list[dict[str, Any]]:
    """The findings as JSON (German), paths relative to the folder of the check."""
    entries = [found.as_json("de") for analysis in analyses(fixture, code) for found in analysis.findings]
    for entry in entries:
        entry["path"] = Path(entry["path"]).resolve().relative_to(fixture.parent.resolve()).as_posix()
    return json.loads(json.dumps(entries, default=str))  # type: ignore[no-any-return]
