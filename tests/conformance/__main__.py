"""`python -m tests.conformance [--data DIR] [--only TEXT]`: one JSON line per suite found below DIR."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from tests.conformance.outcome import data_folder

KINDS = ("dmn", "bpmn")
"""Modules of this package, one per kind of suite."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--only", default="", help="part of a suite's name")
    options = parser.parse_args()
    data = options.data or data_folder()
    if not data.is_dir():
        print(f"skipped: there is no folder {data} (give one by --data or BPM_CONFORMANCE_DATA)", file=sys.stderr)
        return 0
    for kind in KINDS:
        if not (Path(__file__).parent / f"{kind}.py").is_file():
            continue
        module = importlib.import_module(f"tests.conformance.{kind}")
        for name, folder in module.suites(data):
            if options.only in name:
                print(module.judge(name, folder).line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
