"""What a year of a procedure costs, by a dated table: the city's hours and euro, citizens' and businesses' hours apart.

Minutes are those of the simulation, so the counting rule is that of the figures beside it; a step whose wage group is
not recorded is paid as the average of its level. What nobody recorded is None, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpm.costs.effort import Duty, Work, about, effort, exactly
from bpm.costs.table import CostTable, table
from bpm.model.procedure import Procedure
from bpm.model.scenario import Scenario
from bpm.model.steps import step_nodes


def yearly(
    procedure: Procedure, scenario: Scenario, simulation: Mapping[str, Any], rates: CostTable | None = None
) -> dict[str, Any] | None:
    """The burden of a year; None where nobody says how many cases there are. `simulation` as in the contract."""
    if scenario.cases_per_year is None or procedure.process is None:
        return None
    chosen = rates or table()
    known = scenario.known.get("cases_per_year")
    cases = about(scenario.cases_per_year, 0.0, known.low if known else None, known.high if known else None)
    duties: list[Duty] = []
    without_group = 0
    for node in step_nodes(procedure.process.main):
        row = simulation["nodes"].get(node.id)
        if row is None or not row["executions"]["mean"] or row["processing_time_s"]["mean"] is None:
            continue
        done = row["executions"]["mean"]
        group = node.facts.step.wage_group if node.facts.step is not None else None
        minutes = done * row["processing_time_s"]["mean"] / 60.0
        without_group += group is None and minutes > 0.0
        figures = scenario.figures.get(node.id)
        material = exactly(done * ((figures.fixed_cost_eur if figures else None) or 0.0))
        work = Work(node.name or node.id, about(minutes, chosen.sensitivity), group)
        duties.append(Duty(work.what, "city", (work,), cases, material))
    told: dict[str, Any] = {
        "cases_per_year": cases.as_json(), "table": chosen.as_json(), "without_wage_group": without_group,
        "city": effort(duties, chosen).city.as_json(),
    }  # fmt: skip
    for who, time, money in (
        ("citizens", "citizen_time_s", "citizen_cost_eur"),
        ("business", "business_time_s", "business_cost_eur"),
    ):
        seconds, eur = (simulation["kpis"][name]["mean"] for name in (time, money))
        told[who] = {
            "hours": None if seconds is None else (cases * (seconds / 3600.0)).as_json(),
            "material_eur": None if eur is None else (cases * eur).as_json(),
        }
    return told
