"""What `bpm check --log` prints of a real log: counts of cases with intervals, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 12
_WORDS = {
    "de": {
        "log": "Protokoll {path}: {cases} Fälle, {events} Ereignisse, {activities} Aktivitäten, {variants} Abläufe",
        "time": "Durchlaufzeit: Median {p50} h, Mittel {mean} h, 90 % unter {p90} h",
        "top": "Häufigster Ablauf: {n} Fälle ({share} %); {k} Abläufe decken 80 % der Fälle",
        "beside": "gelegt neben {procedure}: {n} Aktivitäten erkannt",
        "unmatched": "nicht erkannt: {names}",
        "unseen": "im Protokoll nicht gesehen: {names}",
        "results": "Ergebnis bekannt (Abweichungen):",
        "no-results": "Kein Ergebnis bekannt: wer einfach endet, ist nicht abgelehnt (--log-map nennt Ergebnisse)",
        "seldom": "Selten nötig (folgt fast nur darauf):",
        "ends": "Ende der Fälle (kein Ergebnis):",
        "same": "Prüfung durch dieselbe Person wie der Schritt davor:",
        "of": "{cases} von {of} = {share} % (95 %: {low} bis {high} %)",
        "case": "{n} Fälle, Median {h} h",
        "waiting": "Liegezeit je Übergabe (Sammeln | Vorziehen | Früheres | außer Dienst | ungeklärt, in Stunden):",
        "lies": "{n}-mal, im Mittel {hours} h = {parts}",
        "notes": "Beim Einlesen:",
    },
    "en": {
        "log": "Log {path}: {cases} cases, {events} events, {activities} activities, {variants} variants",
        "time": "cycle time: median {p50} h, mean {mean} h, 90 % below {p90} h",
        "top": "most frequent variant: {n} cases ({share} %); {k} variants cover 80 % of the cases",
        "beside": "laid beside {procedure}: {n} activities recognised",
        "unmatched": "not recognised: {names}",
        "unseen": "not seen in the log: {names}",
        "results": "Result known (deviations):",
        "no-results": "No outcome known: a case that just ends was not refused (--log-map names outcomes)",
        "seldom": "Seldom needed (follows almost only this):",
        "ends": "Where cases end (no outcome):",
        "same": "Check by the same person as the step before:",
        "of": "{cases} of {of} = {share} % (95 %: {low} to {high} %)",
        "case": "{n} cases, median {h} h",
        "waiting": "Waiting by hand-over (batching | others first | earlier cases | off duty | unexplained, hours):",
        "lies": "{n} times, {hours} h on average = {parts}",
        "notes": "While reading:",
    },
}


def show_log(console: Console, told: Mapping[str, Any], lang: str) -> None:
    """Print one log as `bpm.service.logs.told` tells it."""
    words = _WORDS[lang]

    def number(value: float | None, digits: int) -> str:
        text = "–" if value is None else f"{value:.{digits}f}"
        return text.replace(".", ",") if lang == "de" else text

    def share(entry: Mapping[str, Any]) -> str:
        low, high = (number(100 * end, 2) for end in entry["interval_95"])
        percent = number(None if entry["share"] is None else 100 * entry["share"], 2)
        return words["of"].format(cases=entry["cases"], of=entry["of"], share=percent, low=low, high=high)

    def listed(title: str, lines: list[str]) -> None:
        if lines:
            console.print(f"  {words[title]}")
            for line in lines[:SHOWN]:
                console.print(f"    {line}")
            if len(lines) > SHOWN:
                console.print(f"    … +{len(lines) - SHOWN}")

    console.print(words["log"].format_map(told), style="bold")
    times = told["kpis"]["cycle_time_s"]
    hours = {name: number(None if times[name] is None else times[name] / 3600, 2) for name in ("p50", "mean", "p90")}
    console.print(f"  {words['time'].format(**hours)}")
    top, cases = told["cases_of_top_variant"], told["cases"]
    console.print(
        "  " + words["top"].format(n=top, share=number(100 * top / cases, 1), k=told["variants_for_80_percent"])
    )
    if told["procedure"]:
        console.print("  " + words["beside"].format(procedure=told["procedure"], n=len(told["matched"])))
        for name in ("unmatched", "unseen"):
            if told[name]:
                console.print("  " + words[name].format(names=", ".join(told[name])))
    listed("results", [f"{it['step']} → {', '.join(it['by'])}: {share(it)}" for it in told["results"]])
    if not told["results"]:
        console.print(f"  {words['no-results']}")
    listed("seldom", [f"{it['step']} → {it['then']}: {share(it)}" for it in told["seldom"]])
    listed("ends", [f"{it['activity']}: {it['cases']} / {it['of']}" for it in told["ends"]])
    listed("same", [f"{' + '.join(it['steps'])}: {share(it)}" for it in told["same_person"]])
    waits = []
    for it in told["waiting"] or ():
        mean = number(it["waiting_s"] / it["n"] / 3600, 2)
        parts = " | ".join(number(value / it["n"] / 3600, 2) for value in it["parts_s"].values())
        waits.append(
            f"{it['before'] or '…'} → {it['after']}: {words['lies'].format(n=it['n'], hours=mean, parts=parts)}"
        )
    listed("waiting", waits)
    for datum in told["by_datum"]:
        console.print(f"  {datum['datum']}:")
        for it in datum["values"]:
            text = words["case"].format(n=it["cases"], h=number(it["median_s"] / 3600, 2))
            console.print(f"    {it['value']}: {text}")
    notes = [f"{it['field']}: {it['why']}" + (f" ({it['found']})" if it["found"] else "") for it in told["notes"]]
    listed("notes", notes)
    console.print()
