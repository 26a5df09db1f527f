"""The whole service in a thread of this process, on a loopback port, with a clock moved by hand."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from api.app import create_app
from bpm.clock import ManualClock
from bpm.service.access import DEMO
from bpm.service.context import Services, open_services
from bpm.service.procedures import load_samples
from bpm.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass
class Served:
    """A running service: its address, its clock, and what runs timers when the clock was moved."""

    address: str
    clock: ManualClock
    services: Services


@contextmanager
def serving(folder: Path, *, samples: bool = True) -> Iterator[Served]:
    """Serve the sample procedures (or none) from a database in `folder` until the block ends."""
    settings = Settings(database_url=f"sqlite:///{folder}/lichtung.db", data_dir=folder, embedded_worker=False)
    clock = ManualClock(START)
    services = open_services(settings, clock)
    if samples:
        load_samples(services, DEMO["owner"], ROOT / "processes")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    config = uvicorn.Config(create_app(settings, clock), host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(300):
        if server.started:
            break
        time.sleep(0.05)
    assert server.started
    yield Served(f"http://127.0.0.1:{port}", clock, services)
    server.should_exit = True
    thread.join(timeout=20)
    services.database.dispose()
