"""`bpm question --principle`: what rests on one principle, in all procedures, and what that takes in a year."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer

from bpm.texts import HOW_LINKED, ORGAN, translate, write_euro, write_number


def show_principle(path: Path, name: str, format: str, lang: str) -> None:
    """Print the answer. Raises typer.Exit 2 if a file could not be read, and what the service raises."""
    from bpm.service.principles import question_principle

    found, errors = question_principle(path, name, lang)
    if format == "json":
        sys.stdout.write(json.dumps(found, ensure_ascii=False, sort_keys=True) + "\n")
    else:
        for principle in found["principles"]:
            for line in _lines(principle, lang):
                print(line)
    for error in errors:
        print(error, file=sys.stderr)
    if errors:
        raise typer.Exit(2)


def _lines(principle: dict[str, Any], lang: str) -> list[str]:
    organ = translate(ORGAN[principle["organ"]], lang) if principle["organ"] else ""
    source = principle["source"] or translate("Quelle nicht erfasst", lang)
    found = [
        f"{principle['name']} ({principle['id']})",
        f"  {principle['description']}",
        f"  {source}{', ' + organ if organ else ''}" + (f" ({translate('zu prüfen', lang)})" if source else ""),
    ]
    for link in principle["links"]:
        place = link["name"] if link["rule"] is None else f"{link['name']} {translate('Zeile', lang)} {link['rule']}"
        marks = [translate(HOW_LINKED[link["how"]], lang)]
        if link["protected"]:
            marks.append(f"{translate('geschützt', lang)}: {link['protected']}")
        found.append(f"  - {link['procedure_name']}: {place} [{'; '.join(marks)}]")
    titles = {
        "per_year": translate("Im Jahr, ohne geschützte Schritte", lang),
        "per_year_protected": translate("Geschützt, nie zum Wegfall", lang),
    }
    found += [f"  {title}: {_sums(principle[key], lang)}" for key, title in titles.items() if principle[key]]
    found += [f"  {note['procedure']}: {note['why']}" for note in principle["notes"]]
    return found


def _sums(sums: dict[str, dict[str, float]], lang: str) -> str:
    def hours(who: str) -> str:
        return f"{write_number(sums[who]['hours'], lang)} {translate('Std.', lang)}"

    city = f"{translate('Stadt', lang)} {hours('city')}, {write_euro(sums['city']['cost_eur'], lang)}"
    business = f"{translate('Wirtschaft', lang)} {hours('business')}"
    return f"{city} | {business} | {translate('Bürger*innen', lang)} {hours('citizen')}"
