"""The report in words, once for every format: a list of blocks that `html` and `pdf` only set.

Findings ask; a proof is said to be about the model; citizens', businesses' and the city's time are never added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bpm.analyser.run import WORTH_A_TALK
from bpm.texts import BASIS, KNOWN, KPIS, ORGAN, UNKNOWN, translate, write_figure, write_number


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`numeric` are the 0-based columns set to the right."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG drawing and what it shows, for those who do not see it."""

    svg: str
    alt: str


Block: TypeAlias = Heading | Paragraph | Table | Picture


def title_of(report: Mapping[str, Any]) -> str:
    return f"{translate('Bericht zur Verschlankung', report['lang'])}: {report['procedure']['name']}"


@dataclass(frozen=True)
class Pictures:
    """The diagrams of both states as SVG; None where there is none."""

    as_is: str | None
    to_be: str | None = None


def compose(report: Mapping[str, Any], pictures: Pictures) -> tuple[Block, ...]:
    """The blocks of `report`."""
    lang = report["lang"]

    def _(text: str) -> str:
        return translate(text, lang)

    blocks: list[Block] = [Heading(1, title_of(report))]
    steps = [step for step in report["as_is"]["steps"] if step["number"] is not None]
    findings = report["weaknesses"]["findings"]
    blocks.append(
        Paragraph(
            f"{len(steps)} {_('Schritte')}, {len(report['as_is']['roles'])} {_('Stellen')}, "
            f"{len(report['as_is']['rules'])} {_('Regeln')}, {len(findings)} {_('Fragen')}."
        )
    )
    if findings:
        blocks.append(_first(report, lang))
    blocks.append(Heading(2, f"1 {_('Was heute ist')}"))
    blocks += [_roles(report, lang), _sums(report, lang), *_simulated(report, lang)]
    blocks += _costs(report["as_is"]["costs"], lang)
    if pictures.as_is is not None:
        told = f"{_('Ablauf von')} {report['procedure']['name']}. {_('Siehe Tabelle.')}"
        blocks.append(Picture(pictures.as_is, told))
    blocks.append(_steps(steps, lang))
    if report["as_is"]["rules"]:
        blocks.append(_rules(report, lang))
    blocks += _weaknesses(report, lang)
    blocks.append(Heading(2, f"3 {_('Was werden soll')}"))
    if report["to_be"] is not None:
        blocks += _to_be(report, pictures.to_be, lang)
    blocks.append(
        Paragraph(_("Noch nicht entschieden. Eine Frage ist ein Vorschlag zum Gespräch, keine Entscheidung."))
    )
    blocks.append(Heading(2, f"4 {_('Erfolgskontrolle')}"))
    blocks.append(Paragraph(_("Noch nicht vereinbart: geplant, umgesetzt und gemessen werden getrennt ausgewiesen.")))
    blocks += _proof(report, lang)
    return tuple(blocks)


def _names(report: Mapping[str, Any]) -> dict[str, str]:
    names = {step["element"]: step["name"] or step["element"] for step in report["as_is"]["steps"]}
    return names | {rule["decision"]: rule["decision_name"] for rule in report["as_is"]["rules"]}


def _places(finding: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """Names of the elements and the decision of a finding, each once."""
    ids = [id for id in (*finding["element_ids"], finding["decision"]) if id]
    return list(dict.fromkeys(names.get(id, id) for id in ids))


def _first(report: Mapping[str, Any], lang: str) -> Table:
    """The questions most worth a talk, for readers who stop at the first page."""
    names = _names(report)
    rows = tuple(
        (str(number), finding["question"], ", ".join(_places(finding, names)))
        for number, finding in enumerate(report["weaknesses"]["findings"][:WORTH_A_TALK], start=1)
    )
    head = (translate("Nr.", lang), translate("Frage", lang), translate("Wo", lang))
    return Table(translate("Worüber zu reden lohnt", lang), head, rows, (0,))


def _known(how: str | None, lang: str) -> str:
    return translate(KNOWN.get(how or "", UNKNOWN), lang)


def _steps(steps: Sequence[Mapping[str, Any]], lang: str) -> Table:
    def _(text: str) -> str:
        return translate(text, lang)

    rows = []
    for step in steps:
        law = "; ".join(_citation(basis, lang) for basis in step["legal_bases"]) or _("nicht erfasst")
        rows.append(
            (
                str(step["number"]),
                step["name"],
                step["role"] or _("nicht erfasst"),
                write_number(step["minutes"], lang) if step["minutes"] is not None else _("nicht erfasst"),
                _known(step["known"], lang) if step["minutes"] is not None else "",
                law + (f" ({_('geschützt')}: {step['protected']})" if step["protected"] else ""),
            )
        )
    head = (_("Nr."), _("Schritt"), _("Stelle"), _("Arbeit (min)"), _("Wie bekannt"), _("Rechtsgrundlage"))
    return Table(_("Schritte, jeder einmal gezählt"), head, tuple(rows), (0, 3))


def _roles(report: Mapping[str, Any], lang: str) -> Table:
    none = translate("nicht erfasst", lang)
    rows = [(entry["role"] or none, str(entry["steps"])) for entry in report["as_is"]["roles"]]
    rows.append((translate("Summe", lang), str(sum(entry["steps"] for entry in report["as_is"]["roles"]))))
    head = (translate("Stelle", lang), translate("Schritte", lang))
    return Table(translate("Stellen und ihre Schritte", lang), head, tuple(rows), (1,))


def _sums(report: Mapping[str, Any], lang: str) -> Table:
    names = {
        "citizen_minutes": "Bürgerinnen und Bürger",
        "business_minutes": "Unternehmen",
        "minutes": "Stadt",
    }
    rows = []
    for name, words in names.items():
        entry = report["as_is"]["sums"][name]
        total = write_number(entry["total"], lang) if entry["total"] is not None else translate("nicht erfasst", lang)
        rows.append((translate(words, lang), total, f"{entry['steps_recorded']}/{entry['steps']}"))
    head = (translate("Wessen Zeit", lang), translate("Minuten", lang), translate("Schritte erfasst", lang))
    caption = translate("Zeit je Schritt, einmal gezählt; die Zeilen werden nie addiert", lang)
    return Table(caption, head, tuple(rows), (1, 2))


def _rules(report: Mapping[str, Any], lang: str) -> Table:
    rows = []
    for rule in report["as_is"]["rules"]:
        inputs = "; ".join(f"{name}: {cell}" for name, cell in rule["inputs"].items() if cell not in ("", "-"))
        outputs = "; ".join(cell for cell in rule["outputs"].values())
        law = "; ".join(_citation(basis, lang) for basis in rule["legal_bases"])
        name = f"{rule['decision_name']} {rule['rule']}"
        rows.append((name, inputs or "–", outputs, law or translate("nicht erfasst", lang)))
    head = tuple(translate(word, lang) for word in ("Regel", "Wenn", "Dann", "Quelle"))
    return Table(translate("Regeln der Entscheidungstabellen", lang), head, tuple(rows))


def _citation(basis: Mapping[str, Any], lang: str) -> str:
    since = f", {translate('ab', lang)} {basis['valid_from']}" if basis["valid_from"] else ""
    check = f" ({translate('zu prüfen', lang)})" if basis["known"] == "assumed" else ""
    organ = f" [{translate(ORGAN[basis['organ']], lang)}]" if basis["organ"] in ORGAN else ""
    return f"{basis['citation']}{since}{organ}{check}"


def _simulated(report: Mapping[str, Any], lang: str) -> list[Block]:
    result = report["as_is"]["simulation"]
    if result is None:
        return [Paragraph(translate("Nicht simuliert: Zu diesem Verfahren gibt es kein Szenario.", lang))]
    rows: list[tuple[str, ...]] = []
    for field, name, kind in KPIS:
        estimate = result["kpis"].get(field)
        if estimate is None or estimate["mean"] is None:
            rows.append((translate(name, lang), translate(UNKNOWN, lang), "", "", ""))
        else:
            cells = [write_figure(estimate[part], kind, lang) for part in ("mean", "half_width_95", "p50", "p90")]
            rows.append((translate(name, lang), *cells))
    head = tuple(translate(word, lang) for word in ("Kennzahl", "Mittel", "± (95 %)", "Hälfte bis", "90 % bis"))
    caption = (
        f"{translate('Simuliert, je Fall', lang)}: {result['cases']} {translate('Fälle', lang)} × "
        f"{result['replications']} {translate('Durchgänge', lang)}, {translate('Startwert', lang)} {result['seed']}"
    )
    blocks: list[Block] = [Table(caption, head, tuple(rows), (1, 2, 3, 4))]
    if any(note.get("field") == "calibrated" for note in result["notes"]):
        blocks.append(Paragraph(translate("Nicht kalibriert: Die Eingaben sind Annahmen.", lang)))
    return blocks


def _to_be(report: Mapping[str, Any], picture: str | None, lang: str) -> list[Block]:
    """Before and after, counted the same way; the difference of two paired simulations with its interval."""

    def _(text: str) -> str:
        return translate(text, lang)

    before, after = report["as_is"], report["to_be"]
    names = {step["element"]: step["name"] or step["element"] for step in (*before["steps"], *after["steps"])}
    head = (_("Was"), _("Heute"), _("Vorschlag"))
    rows: list[tuple[str, ...]] = [
        (_(what), str(_count(before, part)), str(_count(after, part)))
        for what, part in (("Schritte", "steps"), ("Stellen", "roles"), ("Regeln", "rules"))
    ]
    for part, whose in (("citizen_minutes", "Bürgerinnen und Bürger"), ("minutes", "Stadt")):
        both = (state["sums"][part]["total"] for state in (before, after))
        cells = (write_number(total, lang) if total is not None else _("nicht erfasst") for total in both)
        rows.append((f"{_('Minuten')}: {_(whose)}", *cells))
    blocks: list[Block] = [Table(_("Vorher und nachher, jeder Schritt einmal gezählt"), head, tuple(rows), (1, 2))]
    for part, words in (("removed", "Entfällt"), ("added", "Kommt hinzu")):
        if after[part]:
            blocks.append(Paragraph(f"{_(words)}: {', '.join(names[element] for element in after[part])}."))
    blocks.append(_compared(after["comparison"], lang))
    if picture is not None:
        told = f"{_('Vorgeschlagener Ablauf von')} {report['procedure']['name']}. {_('Siehe Tabelle.')}"
        blocks.append(Picture(picture, told))
    blocks += _costs(after["costs"], lang)
    return blocks


def _costs(costs: Mapping[str, Any] | None, lang: str) -> list[Block]:
    """A year in hours first, then in euro by a dated table; each row stands for itself."""
    if costs is None:
        return []

    def _(text: str) -> str:
        return translate(text, lang)

    def row(what: str, found: Mapping[str, float] | None) -> tuple[str, ...]:
        if found is None:
            return (what, _(UNKNOWN), "", "")
        return (what, *(write_number(round(found[part]), lang) for part in ("cautious", "likely", "pessimistic")))

    city = costs["city"]
    rows = [
        row(f"{_('Stadt')}: {_('Stunden Arbeit')}", city["released_hours"]),
        row(f"{_('Stadt')}: {_('Euro für Arbeit')}", city["released_capacity_eur"]),
        row(f"{_('Stadt')}: {_('Euro für Sachkosten')}", city["budget_effective_eur"]),
    ]
    for name, words in (("citizens", "Bürgerinnen und Bürger"), ("business", "Unternehmen")):
        rows.append(row(f"{_(words)}: {_('Stunden')}", costs[name]["hours"]))
        rows.append(row(f"{_(words)}: {_('Euro für Sachkosten')}", costs[name]["material_eur"]))
    head = (_("Im Jahr"), _("vorsichtig"), _("wahrscheinlich"), _("hoch"))
    used = costs["table"]
    source = f"{_('Euro nach')} {used['name']} ({used['publisher']}), {_('Stand')} {used['rechtsstand']}"
    check = f"; {used['check']}" if used["check"] else ""
    return [
        Table(_("Ein Jahr; die Zeilen werden nie addiert, Zeit von Bürgern und Unternehmen bleibt Zeit"), head,
              tuple(rows), (1, 2, 3)),
        Paragraph(f"{source}{check}.", soft=True),
    ]  # fmt: skip


def _count(state: Mapping[str, Any], part: str) -> int:
    return sum(one.get("number", 0) is not None for one in state[part])


def _compared(comparison: Mapping[str, Any] | None, lang: str) -> Block:
    if comparison is None:
        return Paragraph(translate("Nicht verglichen: Zu diesem Verfahren gibt es kein Szenario.", lang))
    rows: list[tuple[str, ...]] = []
    for field, name, kind in KPIS:
        change = comparison["difference"].get(field)
        if change is None or change["mean"] is None:
            rows.append((translate(name, lang), translate(UNKNOWN, lang), "", "", ""))
            continue
        means = [comparison[state]["kpis"][field]["mean"] for state in ("as_is", "to_be")]
        cells = [write_figure(value, kind, lang) for value in (*means, change["mean"], change["half_width_95"])]
        rows.append((translate(name, lang), *cells))
    words = ("Kennzahl", "Heute", "Vorschlag", "Unterschied", "± (95 %)")
    caption = translate("Verglichen mit denselben Fällen und demselben Zufall, je Fall", lang)
    return Table(caption, tuple(translate(word, lang) for word in words), tuple(rows), (1, 2, 3, 4))


def _weaknesses(report: Mapping[str, Any], lang: str) -> list[Block]:
    def _(text: str) -> str:
        return translate(text, lang)

    names = _names(report)
    blocks: list[Block] = [Heading(2, f"2 {_('Fragen, nach Gewicht')}")]
    if not report["weaknesses"]["findings"]:
        blocks.append(Paragraph(_("Die Prüfungen haben an diesem Modell keine Frage gefunden.")))
    for number, finding in enumerate(report["weaknesses"]["findings"], start=1):
        places = _places(finding, names)
        rules = f", {_('Regel')} {', '.join(map(str, finding['rules']))}" if finding["rules"] else ""
        blocks.append(Heading(3, f"{number}. {finding['title']}: {', '.join(places)}{rules}"))
        blocks.append(Paragraph(finding["message"]))
        blocks.append(Paragraph(f"{_('Frage')}: {finding['question']}"))
        blocks.append(Paragraph(f"{_('Wann es so bleiben soll')}: {finding['keep_when']}"))
        blocks.append(
            Paragraph(f"{_('Worauf es beruht')}: {_(BASIS[finding['basis']])} ({finding['code']})", soft=True)
        )
    if report["as_is"]["not_recorded"]:
        rows = tuple(
            (names.get(gap["element"], gap["element"]), gap["what"]) for gap in report["as_is"]["not_recorded"]
        )
        blocks.append(Table(_("Nicht erfasst: Fragen an die Fachstelle"), (_("Wo"), _("Was fehlt")), rows))
    return blocks


def _ledger(head: Mapping[str, Any] | None, lang: str) -> list[Block]:
    if head is None:
        return []
    told = translate("Änderungsnachweis der Datenbank, letzter Stand", lang)
    return [Paragraph(f"{told}: {head['number']}:{head['digest']} ({head['until']})", soft=True)]


def _proof(report: Mapping[str, Any], lang: str) -> list[Block]:
    def _(text: str) -> str:
        return translate(text, lang)

    rows = tuple((name, file["sha256"]) for name, file in report["files"].items())
    if report["to_be"] is not None:
        proposed = report["to_be"]["files"].items()
        rows += tuple((f"{name} ({_('Vorschlag')})", file["sha256"]) for name, file in proposed)
    return [
        Heading(2, _("Zum Nachrechnen")),
        Paragraph(_("Der Bericht trägt seine Modelle, sein Szenario und seinen Startwert in sich.")),
        Paragraph(f"bpm verify: Lichtung {report['lichtung']}, {report['digest']}", soft=True),
        *_ledger(report["ledger"], lang),
        Table(_("Dateien und ihre Prüfsummen (SHA-256)"), (_("Datei"), "SHA-256"), rows),
    ]
