"""Clients that work on cases, write down what was acknowledged, and retry what was not."""

from __future__ import annotations

import json
import random
import threading
import time
from dataclasses import dataclass, field

from tests.reliability.servers import GONE, Connection

TASKS = 5
"""User tasks of one case."""


@dataclass
class Journal:
    """What one client was told: `started` cases, and per case its acknowledged completions by task id."""

    started: list[str] = field(default_factory=list)
    completed: dict[str, list[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return len(self.started) + sum(map(len, self.completed.values()))


class Client(threading.Thread):
    """Starts cases and completes their tasks until told to stop; every command has a key and is retried with it
    until it is answered, as a careful program would."""

    def __init__(self, number: int, port: int, seed: int, patience_s: float = 120) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.random = random.Random(seed * 1000 + number)
        self.port = port
        self.patience_s = patience_s
        self.journal = Journal()
        self.stopping = threading.Event()
        self.connection = Connection(port)

    def run(self) -> None:
        """Work."""
        while not self.stopping.is_set():
            case = self._send("/instances", {"procedure": "antrag", "variables": {"n": self.random.randrange(10**6)}})
            if case is None:
                continue
            self.journal.started.append(str(case["id"]))
            done = self.journal.completed.setdefault(str(case["id"]), [])
            while case is not None and case["tasks"] and not self.stopping.is_set():
                task = str(case["tasks"][0]["id"])
                case = self._send(f"/tasks/{task}/complete", {"variables": {task[-4:]: len(done)}})
                if case is not None:
                    done.append(task)
        self.connection.close()

    def _send(self, path: str, body: object) -> dict[str, list[dict[str, object]]] | None:
        key = f"{self.name}-{self.random.getrandbits(64):x}"
        ends = time.monotonic() + self.patience_s
        while time.monotonic() < ends:
            try:
                status, content = self.connection.call("POST", f"/api/v1{path}", body, key)
            except GONE:
                if self.stopping.is_set():
                    return None
                time.sleep(0.02)
                continue
            if status in (200, 201):
                answer: dict[str, list[dict[str, object]]] = json.loads(content)
                return answer
            if status != 503:
                self.journal.wrong.append(f"{status} {content[:200]!r} for {path} {key}")
                return None
            time.sleep(0.02)
        self.journal.wrong.append(f"no answer for {path} in {self.patience_s} s")
        return None
