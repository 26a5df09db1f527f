"""Real server processes for reliability tests: started, killed without warning, started again."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
GONE = (OSError, HTTPException)
"""What a client sees when the server dies under it."""


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One server process. `application` may name a broken build, for negative controls."""

    def __init__(self, url: str, folder: Path, application: str = "api.app:app") -> None:
        self.url = url
        self.folder = folder
        self.application = application
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, wait: bool = True) -> float:
        """Start it; returns the seconds until it was ready."""
        began = time.monotonic()
        command = [sys.executable, "-m", "uvicorn", self.application, "--host", "127.0.0.1", "--port", str(self.port)]
        environment = {
            **os.environ,
            "BPM_DATABASE_URL": self.url,
            "BPM_DATA_DIR": str(self.folder),
            "BPM_EMBEDDED_WORKER": "false",
            "PYTHONPATH": str(ROOT),
        }
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--log-level", "warning", "--no-access-log"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if wait:
            self.wait_until_ready()
        return time.monotonic() - began

    def wait_until_ready(self, within_s: float = 40) -> None:
        """Until it answers. Raises RuntimeError with its log when it does not."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                if Connection(self.port, timeout=2).call("GET", "/health/ready")[0] == 200:
                    return
            except GONE:
                time.sleep(0.03)
        raise RuntimeError(f"the server is not ready: {(self.folder / 'server.log').read_text()[-3000:]}")

    def kill(self) -> None:
        """End it as a power cut would: no handler runs."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=20)
            self.process = None


class Connection:
    """A client's connection; `call` returns (status, body)."""

    def __init__(self, port: int, user: str = "clerk", timeout: float = 15) -> None:
        self.http = HTTPConnection("127.0.0.1", port, timeout=timeout)
        credentials = base64.b64encode(f"{user}:{user}".encode()).decode()
        self.headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, bytes]:
        """One request. Raises one of GONE when the server goes away."""
        headers = dict(self.headers, **({"Idempotency-Key": key} if key else {}))
        try:
            self.http.request(method, path, None if body is None else json.dumps(body), headers)
            response = self.http.getresponse()
            return response.status, response.read()
        except GONE:
            self.http.close()
            raise

    def close(self) -> None:
        """Close it."""
        self.http.close()
