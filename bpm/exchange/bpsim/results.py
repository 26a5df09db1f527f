"""Measured figures of other simulators: BPSim scenarios that hold results."""

from __future__ import annotations

from bpm.exchange.bpsim.parameters import find_scenarios


def read_results(data: bytes, path: str = "") -> dict[str, dict[str, dict[str, list[float]]]]:
    """Per input scenario and element the values of `Parameter.result` (`TriggerCount.count`), one per replication: the
    last of each, for results that are reported at intervals. Raises ModelError of the XML guard."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for scenario in find_scenarios(data, path):
        if scenario.result is None:
            continue
        elements = found.setdefault(scenario.result, {})
        for element, given in scenario.elements.items():
            for name, values in given.values.items():
                last: dict[tuple[str, int], tuple[str, float]] = {}
                for value in values:
                    kind = value.attributes.get("result")
                    if kind is None:
                        continue
                    key = (kind, int(value.attributes.get("instance", "0")))
                    at = value.attributes.get("resultTimeStamp", "")
                    if key not in last or at >= last[key][0]:
                        last[key] = (at, float(value.attributes["value"]))
                for (kind, _), (_, number) in sorted(last.items()):
                    elements.setdefault(element, {}).setdefault(f"{name}.{kind}", []).append(number)
    return found
