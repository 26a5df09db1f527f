"""`bpm simulate`: figures of a procedure with intervals."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bpm.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpm.kpis import Estimate
    from bpm.model.procedure import Procedure
    from bpm.simulator.run import SimulationResult

_WORDS = {
    "de": {
        "head": "{cases} Fälle × {replications} Wiederholungen, Startwert {seed}, {activities} Tätigkeiten",
        "figure": "je Fall", "mean": "Mittel", "half": "± 95 %", "p50": "Hälfte bis", "p90": "90 % bis",
        "p95": "95 % bis",
        "city": "Stadt", "citizen": "Bürger", "business": "Wirtschaft", "flow": "Ablauf",
        "cycle_time_s": "Durchlaufzeit", "waiting_time_s": "Wartezeit der Schritte",
        "processing_time_s": "Bearbeitungszeit",
        "cost_eur": "Kosten (EUR)", "citizen_time_s": "Zeit",
        "citizen_cost_eur": "Kosten (EUR)", "business_time_s": "Zeit",
        "business_cost_eur": "Kosten (EUR)", "handovers": "Übergaben", "executed_steps": "Schritte",
        "flow_efficiency": "Bearbeitung / Durchlauf", "unknown": "nicht erfasst",
        "step": "Schritt", "times": "je Fall", "wait": "wartet", "work": "dauert", "pool": "Wer", "used": "Auslastung",
        "queue": "Schlange", "outcome": "Ende", "share": "Anteil",
        "notes": "Hinweise zu den Zahlen", "deadline": "Frist",
        "exceeded": "überschritten", "more": "… und {n} weitere (vollständig mit --format json)",
    },
    "en": {
        "head": "{cases} cases × {replications} replications, seed {seed}, {activities} activities",
        "figure": "per case", "mean": "mean", "half": "± 95 %", "p50": "half within", "p90": "90 % within",
        "p95": "95 % within", "city": "city", "citizen": "citizens", "business": "businesses", "flow": "flow",
        "cycle_time_s": "cycle time", "waiting_time_s": "waiting of steps", "processing_time_s": "processing time",
        "cost_eur": "cost (EUR)", "citizen_time_s": "time", "citizen_cost_eur": "cost (EUR)", "business_time_s": "time",
        "business_cost_eur": "cost (EUR)", "handovers": "handovers", "executed_steps": "steps",
        "flow_efficiency": "processing / cycle", "unknown": "not recorded",
        "step": "step", "times": "per case", "wait": "waits", "work": "takes", "pool": "who", "used": "utilisation",
        "queue": "queue", "outcome": "end", "share": "share", "notes": "Notes on these figures", "deadline": "deadline",
        "exceeded": "exceeded", "more": "… and {n} more (all of them with --format json)",
    },
}  # fmt: skip
_GROUPS = (
    ("flow", ("cycle_time_s", "waiting_time_s", "processing_time_s", "handovers", "executed_steps", "flow_efficiency")),
    ("city", ("cost_eur",)),
    ("citizen", ("citizen_time_s", "citizen_cost_eur")),
    ("business", ("business_time_s", "business_cost_eur")),
)
_SHOWN = 12

ScenarioFile = Annotated[Path | None, typer.Option("--scenario", help="Prosimos JSON; else the one beside the model")]
Cases = Annotated[int, typer.Option("--cases", min=1, help="cases per replication")]
Replications = Annotated[int, typer.Option("--replications", min=1)]
Seed = Annotated[int, typer.Option("--seed")]
Workers = Annotated[int, typer.Option("--workers", min=1, help="replications played at a time")]
Format = Annotated[str, typer.Option("--format", help="text or json")]
Language = Annotated[str | None, typer.Option("--lang", help="de or en")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    path: Annotated[Path, typer.Argument(help="a BPMN model, package or folder of one procedure")],
    scenario: ScenarioFile = None,
    cases: Cases = 1_000,
    replications: Replications = 30,
    seed: Seed = 1,
    workers: Workers = 1,
    log: Annotated[Path | None, typer.Option("--log", help="write the activities to OUT.csv or OUT.xes")] = None,
    format: Format = "text",
    lang: Language = None,
) -> None:
    """Play a procedure and show times, costs and queues with 95 % intervals. The same seed gives the same figures."""
    from bpm.service import simulate as service

    language = lang or settings().lang
    if format not in ("text", "json") or language not in _WORDS:
        raise typer.BadParameter("--format is text or json, --lang is de or en")
    begin = time.perf_counter()
    with progress_bar() as progress:
        procedure, result = service.simulate(
            path, scenario=scenario, log=log, cases=cases, replications=replications, seed=seed, workers=workers,
            progress=progress,
        )  # fmt: skip
    if format == "json":
        sys.stdout.write(json.dumps(result.as_json(), ensure_ascii=False, sort_keys=True, allow_nan=False) + "\n")
    else:
        _show(procedure, result, _WORDS[language])
    print(f"{time.perf_counter() - begin:.2f} s", file=sys.stderr)


@contextmanager
def progress_bar() -> Iterator[Callable[[float], None] | None]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _show(procedure: Procedure, result: SimulationResult, words: dict[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    console = Console(highlight=False, markup=False, width=None if terminal else 160)
    console.print(f"{procedure.name or procedure.key}", style="bold")
    console.print(words["head"].format(cases=result.cases, replications=result.replications, seed=result.seed,
                                       activities=result.activities))  # fmt: skip
    table = Table("", words["figure"], words["mean"], words["half"], words["p50"], words["p90"], words["p95"], box=None)
    for group, names in _GROUPS:
        for k, name in enumerate(names):
            table.add_row(words[group] if k == 0 else "", words[name], *_cells(name, result.kpis[name], words))
    console.print(table)
    _show_parts(console, procedure, result, words)
    for entry in result.deadlines:
        low, high = entry["interval_95"] or (None, None)
        console.print(f"{words['deadline']} {entry['limit']} ({entry['element']}): {_number(entry['p_exceed'])} "
                      f"{words['exceeded']} [{_number(low)}, {_number(high)}]")  # fmt: skip
    console.print(f"{words['notes']}:")
    for note in result.notes[:_SHOWN]:
        console.print(f"  - {note.element or note.field}: {note.why}")
    if len(result.notes) > _SHOWN:
        console.print(f"  {words['more'].format(n=len(result.notes) - _SHOWN)}")


def _show_parts(console: object, procedure: Procedure, result: SimulationResult, words: dict[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table

    assert isinstance(console, Console)
    assert procedure.process is not None
    names = {node.id: node.name or node.id for node in procedure.process.main.nodes}
    steps = Table(words["step"], words["times"], words["wait"], words["work"], words["cost_eur"], box=None)
    for id, row in result.nodes.items():
        work = row["processing_time_s"].mean
        if work:
            executed, wait, cost = (row[key].mean for key in ("executions", "waiting_time_s", "cost_eur"))
            steps.add_row(names[id], _number(executed), _time(wait), _time(work), _number(cost))
    console.print(steps)
    people = Table(words["pool"], words["used"], words["queue"], box=None)
    for id, row in result.resources.items():
        people.add_row(id, _number(row["utilisation"].mean), _number(row["queue_mean"].mean))
    console.print(people)
    ends = Table(words["outcome"], words["share"], box=None)
    for id, share in result.outcomes.items():
        ends.add_row(names[id], _number(share))
    console.print(ends)


def _cells(name: str, value: Estimate, words: dict[str, str]) -> tuple[str, ...]:
    if value.mean is None:
        return (words["unknown"], "", "", "", "")
    show = _time if name.endswith("_s") else _number
    return tuple(show(x) for x in (value.mean, value.half_width_95, value.p50, value.p90, value.p95))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.3f}"


def _time(seconds: float | None) -> str:
    """The largest unit that gives at least one."""
    if seconds is None:
        return ""
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if abs(seconds) >= length:
            return f"{seconds / length:,.2f} {unit}"
    return f"{seconds:,.2f} s"
