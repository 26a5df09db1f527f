"""Words and figures for people: German in the code, other languages in `locale/<lang>.po` (read with Babel).

Pages, reports and the command line write through this module, so a duration looks the same everywhere. A missing
translation shows the German text; a test lists what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

LANGUAGES = ("de", "en")
NONE = "–"
UNKNOWN = "nicht erfasst"
"""What is shown for an absent figure: it is a question, never a zero."""

# Stable names (of files, contract and database) to what people read, in German; `translate` does the rest.
KNOWN: Mapping[str, str] = {
    "measured": "gemessen",
    "table": "Tabellenwert",
    "estimated": "geschätzt",
    "assumed": "angenommen, zu prüfen",
    "unknown": "ohne Angabe, woher",
}
BASIS: Mapping[str, str] = {
    "proof": "Beweis an diesem Modell",
    "measurement": "Messung",
    "heuristic": "Hinweis, kein Beweis",
}
ORGAN: Mapping[str, str] = {
    "instruction": "Dienstanweisung",
    "mayor": "Oberbürgermeister*in",
    "council": "Stadtrat",
    "land": "Land",
    "bund": "Bund",
    "eu": "EU",
}
HOW_LINKED: Mapping[str, str] = {
    "stated": "so erfasst",
    "norm": "die genannte Norm verlangt es",
    "leads-to": "führt zu einem solchen Schritt",
}
FORCE: Mapping[str, str] = {"must": "muss", "should": "soll", "may": "kann"}
SOURCE: Mapping[str, str] = {
    "own": "eigene Aufgabe",
    "delegated": "übertragene Aufgabe",
    "organ": "wer es ändern darf, ist nicht erfasst",
    "citation": "Quelle nicht erfasst",
    "since": "ab",
    "until": "bis",
}
MARK: Mapping[str, str] = {
    "RC02": "widerspricht Zeile",
    "RC03": "überschneidet sich mit Zeile",
    "RC04": "ist enthalten in Zeile",
    "RC05": "kommt nie zum Zug wegen Zeile",
    "RC06": "überdeckt Zeile",
    "RC07": "lässt sich zusammenfassen mit Zeile",
    "RC09": "kann nie zutreffen",
    "RC10": "widerspricht einer anderen Quelle",
    "RC11": "zieht die Grenze anders als eine andere Stelle",
    "RC12": "enthält einen Fehler",
    "AB01": "entscheidet nie",
    "AB03": "ist zusammen entbehrlich mit Zeile",
    "cause": "ist der Grund bei Zeile",
    "other": "ist gemeint",
}
VERDICT: Mapping[str, str] = {
    "decisive": "entscheidet",
    "never-decisive": "entscheidet nie",
    "undecided": "nicht entschieden",
}
STEP_VERDICT: Mapping[str, str] = {
    "decides-little-costs-much": "entscheidet wenig, kostet viel",
    "decides-little-costs-little": "entscheidet wenig, kostet wenig",
    "decides-costs-much": "entscheidet, kostet viel",
    "decides-costs-little": "entscheidet, kostet wenig",
    "too-few-cases": "offen: zu wenige Fälle für ein Urteil",
    "needed": "wird gebraucht: ohne ihn bleiben Fälle liegen",
    "undecided": "nicht entschieden",
    "protected": "geschützt: kein Vorschlag zum Wegfall, höchstens eine bessere Form",
}
COVERAGE: Mapping[str, str] = {
    "minutes": "Arbeitszeit der Schritte",
    "measured": "davon gemessen",
    "channel": "Kanal der Schritte",
    "legal-basis": "Rechtsgrundlage der Schritte",
    "rule-source": "Rechtsgrundlage der Regeln",
}
STATE: Mapping[str, str] = {
    "active": "läuft",
    "completed": "abgeschlossen",
    "terminated": "beendet",
    "cancelled": "abgebrochen",
    "suspended": "angehalten",
    "queued": "wartet",
    "running": "läuft",
    "done": "fertig",
    "failed": "gescheitert",
}
HIT_POLICY: Mapping[str, str] = {
    "UNIQUE": "genau eine Regel trifft zu",
    "ANY": "mehrere dürfen zutreffen, wenn sie dasselbe sagen",
    "FIRST": "die erste zutreffende Regel gilt",
    "PRIORITY": "die Regel mit dem wichtigsten Ergebnis gilt",
    "COLLECT": "alle zutreffenden Regeln gelten",
    "RULE ORDER": "alle zutreffenden Regeln gelten, in ihrer Reihenfolge",
    "OUTPUT ORDER": "alle zutreffenden Regeln gelten, nach Wichtigkeit",
}
ASPECT: Mapping[str, str] = {
    "name": "Name",
    "type": "Art",
    "channel": "Kanal",
    "minutes": "Arbeit (min)",
    "reads": "liest",
    "writes": "schreibt",
    "documents": "Unterlagen",
    "topic": "fragt ab",
    "other": "weitere Angaben",
}
"""What may differ about a step between two versions."""

CHANNEL: Mapping[str, str] = {
    "online": "online",
    "counter": "Schalter",
    "phone": "Telefon",
    "mail": "Post",
    "paper": "Papier",
}

CHANGE: Mapping[str, str] = {
    "removed": "entfällt",
    "new": "neu",
    "changed": "anders",
    "rewired": "führt anders",
}
"""What happens to an element in a proposal."""

LOCALLY: Mapping[str, str] = {
    "set-cell": "Zelle einer Regel",
    "remove-rule": "Regel entfällt",
    "add-rule": "neue Regel",
    "set-note": "Begründung einer Regel",
    "set-values": "zulässige Werte",
    "set-basis": "Rechtsgrundlage",
    "set-name": "Name",
    "set-text": "Beschreibung",
    "set-field": "Formularfeld",
    "set-figure": "Zahl im Szenario",
}
"""What a city changes in a procedure that it took over, by the `do` of its layer."""

KIND: Mapping[str, str] = {
    "startEvent": "Beginn",
    "endEvent": "Ende",
    "intermediateCatchEvent": "Warten",
    "intermediateThrowEvent": "Melden",
    "implicitThrowEvent": "Melden",
    "boundaryEvent": "Unterbrechung",
    "task": "Schritt",
    "userTask": "Aufgabe",
    "manualTask": "Handarbeit",
    "serviceTask": "Automatik",
    "sendTask": "Versand",
    "receiveTask": "Empfang",
    "scriptTask": "Skript (läuft nie)",
    "businessRuleTask": "Entscheidungstabelle",
    "callActivity": "anderes Verfahren",
    "subProcess": "Teilablauf",
    "transaction": "Teilablauf (ganz oder gar nicht)",
    "adHocSubProcess": "Teilablauf (freie Reihenfolge)",
    "exclusiveGateway": "Entweder-oder",
    "inclusiveGateway": "Eines oder mehrere",
    "parallelGateway": "Nebeneinander",
    "complexGateway": "Besondere Verzweigung",
    "eventBasedGateway": "Was zuerst kommt",
}
HISTORY: Mapping[str, str] = {
    "case-started": "Fall begonnen",
    "case-cancelled": "Fall abgebrochen",
    "case-suspended": "Fall angehalten",
    "case-resumed": "Fall fortgesetzt",
    "case-migrated": "Fall in eine andere Fassung überführt",
    "case-not-migrated": "Überführung abgelehnt",
    "case-modified": "Fall von Hand geändert",
    "task-claimed": "Aufgabe übernommen",
    "task-returned": "Aufgabe zurückgelegt",
    "comment-added": "Anmerkung geschrieben",
    "task-delegated": "Aufgabe weitergegeben",
    "task-draft-saved": "Entwurf gespeichert",
    "task-completed": "Aufgabe erledigt",
    "task-failed": "Aufgabe mit Fehler beendet",
    "job-completed": "Automatik erledigt",
    "job-error": "Automatik mit Fehler beendet",
    "job-failed": "Automatik gescheitert",
    "timer-fired": "Frist abgelaufen",
    "message-received": "Nachricht angekommen",
    "signal-received": "Signal angekommen",
    "signal-missed": "Signal verpasst, weil der Fall angehalten war",
    "incident-retried": "Störung behoben",
    "started": "begonnen",
    "entered": "erreicht",
    "left": "verlassen",
    "cancelled": "entfallen",
    "decided": "entschieden",
    "thrown": "gemeldet",
    "ended": "beendet",
}
BECOMES: Mapping[str, str] = {
    "stays": "bleibt",
    "renamed": "geht weiter als",
    "restarts": "wird abgebrochen und beginnt neu bei",
    "given-up": "wird aufgegeben",
    "refused": "fehlt in der neuen Fassung",
}
"""What becomes of a case at an element when it is moved to another version."""
REFUSED: Mapping[int, str] = {
    403: "Das ist nicht erlaubt",
    404: "Das gibt es hier nicht",
    409: "Jemand war schneller",
    422: "Das ging nicht",
}
"""Headlines of refusals by HTTP status; 422 for all that have none of their own."""
DETAIL: Mapping[str, str] = {
    "version": "Fassung",
    "result": "Ergebnis",
    "matched": "zutreffende Regeln",
    "code": "Fehlerkennung",
    "reason": "Grund",
    "to": "an",
    "name": "Name",
    "due": "fällig",
    "error": "Fehler",
}
"""What of a history line's details people see beside the answers."""
KPIS: Sequence[tuple[str, str, str]] = (
    ("cycle_time_s", "Durchlaufzeit", "time"),
    ("waiting_time_s", "Wartezeit", "time"),
    ("processing_time_s", "Bearbeitungszeit der Stadt", "time"),
    ("cost_eur", "Kosten der Stadt", "euro"),
    ("citizen_time_s", "Zeit der Bürgerinnen und Bürger", "time"),
    ("citizen_cost_eur", "Auslagen der Bürgerinnen und Bürger", "euro"),
    ("business_time_s", "Zeit der Unternehmen", "time"),
    ("business_cost_eur", "Auslagen der Unternehmen", "euro"),
    ("handovers", "Übergaben zwischen Stellen", "number"),
    ("executed_steps", "ausgeführte Schritte", "number"),
    ("flow_efficiency", "Anteil der Arbeit an der Durchlaufzeit", "share"),
)
"""(field of the simulation result, name, kind of figure for `write_figure`), in the order people read them."""


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """German text to text in `lang`; empty for German itself."""
    path = Path(__file__).parent / "locale" / f"{lang}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale=lang) if message.id}


def translate(text: str, lang: str) -> str:
    """`text` in `lang`."""
    return catalogue(lang).get(text) or text


def write_duration(seconds: float | None, lang: str, like: float | None = None) -> str:
    """Seconds in the unit people would choose (for `like`, if given): seconds, minutes, hours or days of 24 hours."""
    if seconds is None:
        return NONE
    extent = abs(seconds if like is None else like)
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, translate("Std.", lang))):
        if extent < limit:
            return f"{format_decimal(round(seconds / size, 1), locale=lang)} {unit}"
    return f"{format_decimal(round(seconds / 86400, 1), locale=lang)} {translate('Tage', lang)}"


def write_number(value: float | None, lang: str, digits: int = 1) -> str:
    """A number with at most `digits` decimals."""
    return NONE if value is None else format_decimal(round(value, digits), locale=lang)


def write_share(value: float | None, lang: str) -> str:
    """A share of one as a percentage with one decimal."""
    return NONE if value is None else format_percent(value, format="#,##0.0 %", locale=lang)


def write_euro(value: float | None, lang: str) -> str:
    """An amount in euro."""
    return NONE if value is None else format_currency(value, "EUR", locale=lang)


def write_value(value: object, lang: str) -> str:
    """A value of a case: yes and no for truth values, lists and contexts in one line, texts as they are."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return translate("ja" if value else "nein", lang)
    if isinstance(value, int | float | Decimal):
        return str(format_decimal(value, locale=lang))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {write_value(one, lang)}" for name, one in sorted(value.items()))
    if isinstance(value, list | tuple):
        return ", ".join(write_value(one, lang) for one in value)
    return str(value)


def write_figure(value: float | None, kind: str, lang: str) -> str:
    """A figure of `kind` time (seconds), euro, share or number."""
    writers: Mapping[str, Callable[[float | None, str], str]] = {
        "time": write_duration,
        "euro": write_euro,
        "share": write_share,
        "number": _write_precise,
    }
    return writers[kind](value, lang)


def _write_precise(value: float | None, lang: str) -> str:
    return write_number(value, lang, 2)


def write_moment(value: datetime | str | None, lang: str, timezone: str = "Europe/Berlin") -> str:
    """A point in time (aware, or ISO text with offset) in the city's time zone."""
    if value is None:
        return NONE
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return format_datetime(at, "short", tzinfo=ZoneInfo(timezone), locale=lang)
