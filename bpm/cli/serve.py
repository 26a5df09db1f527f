"""`bpm serve` and `bpm worker`: the service with one embedded worker, and further workers beside it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from bpm.settings import settings

_TEXT = {
    "de": {"at": "Lichtung läuft auf", "loaded": "Verfahren geladen"},
    "en": {"at": "Lichtung serves at", "loaded": "procedures loaded"},
}
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)
    app.command("worker")(worker)


def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on")] = 8000,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="timers and simulations run elsewhere")] = False,
    samples: Annotated[Path | None, typer.Option(help="load these procedures into an empty database")] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="de or en")] = None,
) -> None:
    """Serve the workbench and the REST interface."""
    import uvicorn

    from bpm.service.access import DEMO
    from bpm.service.context import open_services
    from bpm.service.procedures import load_samples

    if host not in LOOPBACK and settings().oidc_issuer is None:
        raise typer.BadParameter(
            "without BPM_OIDC_ISSUER there are demo users only, and they exist on the loopback address only",
            param_hint="host",
        )
    os.environ["BPM_EMBEDDED_WORKER"] = "false" if no_worker else "true"
    settings.cache_clear()
    words = _TEXT.get(lang or settings().lang, _TEXT["en"])
    services = open_services(settings())
    if samples is not None:
        count = load_samples(services, DEMO["owner"], samples)
        print(f"{count} {words['loaded']}", file=sys.stderr)
    services.database.dispose()
    shown = f"[{host}]" if ":" in host else host
    print(f"{words['at']} http://{shown}:{port}", file=sys.stderr, flush=True)
    uvicorn.run(
        "api.app:app", host=host, port=port, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=5,
    )  # fmt: skip


def worker() -> None:
    """Fire due timers, deliver messages and calculate, beside any number of other workers, until told to end."""
    from bpm.service.background import Background
    from bpm.service.context import open_services

    services = open_services(settings())
    background = Background(services)
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    background.start()
    told.wait()
    background.stop()
    services.database.dispose()
