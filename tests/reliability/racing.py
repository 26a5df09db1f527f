"""Rounds in which several clients send at the same moment, to two servers on one database."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import models
from tests.reliability.deploying import deploy
from tests.reliability.servers import Connection, Server

CLIENTS = 8

Answer = tuple[int, bytes]


class Racers:
    """8 clients, spread over the servers."""

    def __init__(self, servers: list[Server]) -> None:
        self.servers = servers
        self.connections = [Connection(servers[number % len(servers)].port) for number in range(CLIENTS)]
        self.barrier = threading.Barrier(CLIENTS)
        self.pool = ThreadPoolExecutor(CLIENTS)

    def send(self, path: str, body: Any, key: Callable[[int], str]) -> list[Answer]:
        """One request of every client at the same moment."""

        def one(number: int) -> Answer:
            self.barrier.wait(timeout=30)
            return self.connections[number].call("POST", f"/api/v1{path}", body, key(number))

        return list(self.pool.map(one, range(CLIENTS)))

    def first(self, path: str, body: Any, key: str | None = None) -> dict[str, Any]:
        """One request of one client, which must succeed."""
        status, content = self.connections[0].call("POST", f"/api/v1{path}", body, key)
        assert status in (200, 201), content
        answer: dict[str, Any] = json.loads(content)
        return answer

    def close(self) -> None:
        """End the clients."""
        self.pool.shutdown()
        for connection in self.connections:
            connection.close()


@contextmanager
def racing(url: str, folder: Path, tasks: int, application: str = "api.app:app", count: int = 2) -> Iterator[Racers]:
    """So many servers on one database with a model of so many tasks in a row."""
    servers = [Server(url, folder / str(number), application) for number in range(count)]
    racers = None
    try:
        for server in servers:
            server.start(wait=False)
        for server in servers:
            server.wait_until_ready()
        deploy(servers[0].port, models.sequence(tasks=tasks))
        racers = Racers(servers)
        yield racers
    finally:
        if racers is not None:
            racers.close()
        for server in servers:
            server.kill()
