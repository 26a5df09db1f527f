"""One table decided by the ZEN engine: `python zen_reference.py FILE` prints CPU microseconds a call and the result.

Runs in the benchmark's own environment.
"""

import json
import sys
import time
from pathlib import Path

import zen

CALLS = 300


def main(file: str) -> None:
    given = json.loads(Path(file).read_text())
    decision = zen.ZenEngine().create_decision(json.dumps(given["graph"]))
    found = decision.evaluate(given["inputs"])
    runs = []
    for _ in range(5):
        begin = time.process_time()
        for _ in range(CALLS):
            decision.evaluate(given["inputs"])
        runs.append((time.process_time() - begin) / CALLS * 1e6)
    print(json.dumps({"cpu_us": sorted(runs)[2], "result": found["result"]}))


main(sys.argv[1])
