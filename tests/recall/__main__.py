"""`python -m tests.recall`: inject defects and count what is found, as JSON lines; then the findings on raw models.

::

    python -m tests.recall [--mutants 2000] [--seed 1] [--codes RS01,BU] [--replay CODE:SEED]

Exit code 1 if a goal is missed: recall and precision of 95 % per family and of 85 % per code, injected; 80 % precision
per code on raw models.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from tests.recall import raw
from tests.recall.injected import CODES, lines, outcomes, replay


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.recall")
    parser.add_argument("--mutants", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--codes", default="")
    parser.add_argument("--replay", metavar="CODE:SEED")
    asked = parser.parse_args()
    if asked.replay:
        code, _, seed = asked.replay.partition(":")
        tell(asdict(replay(code, seed)))
        return 0
    wanted = tuple(entry for entry in asked.codes.upper().split(",") if entry)
    codes = [code for code in CODES if not wanted or code.startswith(wanted)]
    started = time.process_time()
    good = True
    found = list(outcomes(asked.mutants, asked.seed, codes))
    for line in lines(found):
        good &= bool(line.get("reached", True))
        tell(line)
    print(f"{asked.mutants} mutants, seed {asked.seed}: {time.process_time() - started:.0f} s CPU", file=sys.stderr)
    if not wanted:
        for line in raw.lines():
            good &= bool(line.get("reached", True))
            tell(line)
    return 0 if good else 1


def tell(line: dict[str, object]) -> None:
    print(json.dumps(line, ensure_ascii=False, sort_keys=False), flush=True)


sys.exit(main())
