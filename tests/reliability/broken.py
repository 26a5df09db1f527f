"""Deliberately broken builds: the guards' negative controls. Never imported by the service."""

from __future__ import annotations

import threading
import time
from typing import Any

from fastapi import FastAPI

from api.app import create_app
from bpm.service import execution, tasks
from bpm.store.records import JobRow
from bpm.store.unit_of_work import UnitOfWork


def _answer_before_commit() -> FastAPI:
    """The answer leaves 0.2 s before the commit: whoever kills the server in between loses acknowledged work."""
    commit = UnitOfWork.commit
    leave = UnitOfWork.__exit__
    enter = UnitOfWork.__enter__

    def later(self: UnitOfWork) -> None:
        self.late = True  # type: ignore[attr-defined]

    def exit_(self: UnitOfWork, *reason: Any) -> None:
        if not getattr(self, "late", False):
            leave(self, *reason)
            return

        def finish() -> None:
            time.sleep(0.2)
            commit(self)
            leave(self, None, None, None)

        threading.Thread(target=finish, daemon=True).start()

    assert enter is not None
    UnitOfWork.commit = later  # type: ignore[method-assign]
    UnitOfWork.__exit__ = exit_  # type: ignore[method-assign]
    return create_app()


def _without_guards() -> FastAPI:
    """Nobody looks at a task again under the lock, versions are not compared, and completions have no key."""
    change = UnitOfWork.change
    add = UnitOfWork.add

    def careless_change(self: UnitOfWork, kind: Any, key: str, *, version: int | None = None, **values: Any) -> None:
        change(self, kind, key, **({} if version is None else {"version": self.get(kind, key).version}), **values)

    def careless_add(self: UnitOfWork, *records: Any) -> None:
        add(self, *(one for one in records if type(one).__name__ != "CompletionRow"))

    def careless_lock(work: UnitOfWork, actor: Any, task_id: str, _if_match: int | None) -> Any:
        # what a reader without a lock sees: the state as it was a moment ago
        item = tasks._visible(work, actor, task_id)
        instance = work.get(execution.InstanceRow, item.instance_id)
        return _SEEN.setdefault(task_id, (instance, item))

    UnitOfWork.change = careless_change  # type: ignore[method-assign, assignment]
    UnitOfWork.add = careless_add  # type: ignore[method-assign]
    tasks._locked = careless_lock  # type: ignore[assignment]
    return create_app()


_SEEN: dict[str, Any] = {}


def _without_keys() -> FastAPI:
    """Idempotency-Keys are ignored."""
    from bpm.service import context

    context.queries.reserve_key = lambda *_: None
    context.queries.keep_answer = lambda *_: None
    return create_app()


def _without_tokens() -> FastAPI:
    """Whoever comes with a job's id counts, whatever his lock."""
    from bpm.service import jobs

    held = jobs._held

    def careless(work: UnitOfWork, actor: Any, job_id: str, _token: int) -> Any:
        return held(work, actor, job_id, work.get(JobRow, job_id).token)  # type: ignore[union-attr]

    jobs._held = careless  # type: ignore[assignment]
    return create_app()


def _that_logs() -> FastAPI:
    """What cases are started with stands in the log."""
    import logging

    from bpm.service import cases

    begin = cases.begin

    def talkative(*given: Any, **more: Any) -> Any:
        logging.getLogger("uvicorn.error").warning("starting with %s", given[-1])
        return begin(*given, **more)

    cases.begin = talkative
    return create_app()


BUILDS = {
    "early": _answer_before_commit,
    "careless": _without_guards,
    "keyless": _without_keys,
    "tokenless": _without_tokens,
    "talkative": _that_logs,
}


def __getattr__(name: str) -> Any:
    if name in BUILDS:
        return BUILDS[name]()
    raise AttributeError(name)
