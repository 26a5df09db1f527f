"""Write the expected findings anew: `python -m tests.checks.golden [CODE ...]`. Read the diff before committing."""

from __future__ import annotations

import json
import sys

from bpm.analyser.catalogue import FILES
from tests.checks.fixtures import expected_file, findings, fixtures


def main(codes: list[str]) -> None:
    for code in codes or list(FILES):
        for fixture in fixtures(code, "invalid"):
            found = findings(fixture, code)
            expected_file(fixture).write_text(
                json.dumps(found, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8"
            )
            print(f"{code} {fixture.name}: {len(found)} finding(s)")


if __name__ == "__main__":
    main(sys.argv[1:])
