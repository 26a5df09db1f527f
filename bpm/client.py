"""A client for workers: take jobs of a topic, do them, and tell the result, in a few lines and with nothing to install.

    client = Client("https://lichtung.example", token=lambda: "...")
    client.work("melderegister", lambda job: {"gemeldet": True})

A job is offered at least once and its result recorded exactly once: the token of the lock decides. So a handler may run
again after a crash, and what it does outside must bear that. While a handler works, its lock is extended; when it
raises `BpmnError` the model catches it, and any other exception gives the job back, until it becomes an incident.

This module speaks HTTP and knows nothing else of the house.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

Variables: TypeAlias = Mapping[str, Any]
Handler: TypeAlias = Callable[["Job"], Variables | None]

PATIENCE_S = 90.0
"""How long an answer may take, waiting for a job included."""


class ClientError(Exception):
    """The service refused: `status` as HTTP counts (0: it was not reached), `code` one of the service's own."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


class BpmnError(Exception):
    """Raised by a handler: an error of the procedure's own, which the model catches by its code."""

    def __init__(self, code: str, variables: Variables | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.variables = dict(variables or {})


@dataclass(frozen=True, slots=True)
class Job:
    """One locked job. `token` proves the lock; `variables` are the case's, with the job's own inputs over them."""

    id: str
    topic: str
    element: str
    instance: str
    procedure: str
    business_key: str | None
    token: int
    retries: int
    variables: Mapping[str, Any]


@dataclass(slots=True)
class Client:
    """A worker's connection to one service. Give `token` (a function, asked before each call, since tokens end) or
    `password` for a trial service on this machine."""

    address: str
    name: str = ""
    token: Callable[[], str] | None = None
    user: str = "worker"
    password: str | None = None

    def __post_init__(self) -> None:
        self.address = self.address.rstrip("/")
        # two workers of one name would look like one in the history
        self.name = self.name or f"worker-{uuid.uuid4().hex[:8]}"

    # --- single calls ----------------------------------------------------------------------------------------

    def lock(self, topic: str, *, maximum: int = 1, lock_s: float = 60, wait_s: float = 0) -> list[Job]:
        """Lock up to `maximum` jobs for `lock_s` seconds; wait up to `wait_s` (60 at most) for the first one."""
        body = {"topic": topic, "worker": self.name, "max": maximum, "lock_s": lock_s, "wait_s": wait_s}
        return [_job(one) for one in self.call("POST", "/jobs/lock", body)["items"]]

    def complete(self, job: Job, variables: Variables | None = None) -> None:
        """Record the result. Sent again after a lost answer it is recorded once. Raises ClientError 409 if the lock
        has gone to another worker."""
        body = {"token": job.token, "variables": dict(variables or {})}
        self.call("POST", f"/jobs/{job.id}/complete", body, key=f"{job.id}-{job.token}")

    def fail(self, job: Job, error: str, *, retry_in_s: float = 0) -> None:
        """Give the job back; with no retries left it becomes an incident."""
        self.call("POST", f"/jobs/{job.id}/fail", {"token": job.token, "error": error, "retry_in_s": retry_in_s})

    def error(self, job: Job, code: str, variables: Variables | None = None) -> None:
        """End the job with an error of the procedure's own, which the model must catch."""
        body = {"token": job.token, "code": code, "variables": dict(variables or {})}
        self.call("POST", f"/jobs/{job.id}/error", body)

    def extend(self, job: Job, lock_s: float) -> None:
        """Hold the job longer."""
        self.call("POST", f"/jobs/{job.id}/extend", {"token": job.token, "lock_s": lock_s})

    def send(self, message: str, *, business_key: str | None = None, variables: Variables | None = None) -> Any:
        """Correlate a message with the one case that waits for it."""
        body: dict[str, Any] = {"name": message, "variables": dict(variables or {})}
        if business_key is not None:
            body["business_key"] = business_key
        return self.call("POST", "/messages", body)

    def start(self, procedure: str, variables: Variables | None = None, *, business_key: str | None = None) -> Any:
        """Start a case; answers it as it is then."""
        body: dict[str, Any] = {"procedure": procedure, "variables": dict(variables or {})}
        if business_key is not None:
            body["business_key"] = business_key
        return self.call("POST", "/instances", body)

    # --- working ---------------------------------------------------------------------------------------------

    def work(
        self,
        topic: str,
        handler: Handler,
        *,
        lock_s: float = 60,
        wait_s: float = 20,
        stop: threading.Event | None = None,
    ) -> int:
        """Take jobs one by one until `stop` is set; returns how many were done. Waits for a service that is away."""
        stop = stop or threading.Event()
        done = 0
        while not stop.is_set():
            try:
                jobs = self.lock(topic, lock_s=lock_s, wait_s=wait_s)
            except ClientError as error:
                if error.status not in (0, 502, 503, 504):
                    raise
                stop.wait(2)
                continue
            for job in jobs:
                done += self._do(job, handler, lock_s)
        return done

    def _do(self, job: Job, handler: Handler, lock_s: float) -> bool:
        over = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(job, lock_s, over), daemon=True)
        keeper.start()
        try:
            result = handler(job)
        except BpmnError as caught:
            raised = caught
            over.set()
            return self._tell(lambda: self.error(job, raised.code, raised.variables))
        except Exception as error:
            # the job goes back with what went wrong; the next worker, or a person, sees it
            message = f"{type(error).__name__}: {error}"
            over.set()
            self._tell(lambda: self.fail(job, message))
            return False
        over.set()
        return self._tell(lambda: self.complete(job, result))

    def _keep(self, job: Job, lock_s: float, over: threading.Event) -> None:
        while not over.wait(lock_s / 3):
            if not self._tell(lambda: self.extend(job, lock_s)):
                return

    def _tell(self, call: Callable[[], None]) -> bool:
        """Say it until it is heard; False when somebody else holds the job by now."""
        pause = threading.Event()
        for wait in (0.2, 1, 5, 15):
            try:
                call()
            except ClientError as error:
                if error.status in (404, 409):
                    return False
                if error.status not in (0, 502, 503, 504):
                    raise
                pause.wait(wait)
            else:
                return True
        return False

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Any call of the service, `path` without its prefix. Raises ClientError."""
        headers = {"Content-Type": "application/json", "Authorization": self._credentials()}
        # a command that is sent twice has one effect
        headers["Idempotency-Key"] = key or str(uuid.uuid4())
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.address}/api/v1{path}", data, headers, method=method)
        try:
            with urlopen(request, timeout=PATIENCE_S) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise _refused(error) from error
        except (URLError, OSError, ValueError) as error:
            raise ClientError(0, "not-reached", str(error)) from error

    def _credentials(self) -> str:
        if self.token is not None:
            return f"Bearer {self.token()}"
        return f"Basic {base64.b64encode(f'{self.user}:{self.password or self.user}'.encode()).decode()}"


def _refused(error: HTTPError) -> ClientError:
    try:
        problem = json.load(error)
    except ValueError:
        problem = {}
    code, detail = problem.get("code", "refused"), problem.get("detail", error.reason)
    return ClientError(error.code, str(code), str(detail))


def _job(found: Mapping[str, Any]) -> Job:
    return Job(**{name: found[name] for name in Job.__dataclass_fields__})
