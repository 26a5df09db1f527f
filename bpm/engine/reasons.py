"""The one list of reasons why an element is refused: code to English and German text.

A blocker's reason reads `code: text` or `code: text (detail)`; the codes are stable and documented in the README.
"""

from __future__ import annotations

REASONS: dict[str, tuple[str, str]] = {
    "not-executable": ("the process is marked as not executable", "Der Prozess ist als nicht ausführbar markiert"),
    "empty": ("there is nothing to run", "Es gibt nichts auszuführen"),
    "script": ("a script is never run", "Skripte werden nie ausgeführt"),
    "code": (
        "a class, bean or host expression is never run",
        "Klassen, Beans und Ausdrücke des Wirtsystems werden nie ausgeführt",
    ),
    "listener": ("a listener is never run", "Listener werden nie ausgeführt"),
    "connector": ("a connector is never run", "Konnektoren werden nie ausgeführt"),
    "unknown-element": ("the element is not known", "Das Element ist nicht bekannt"),
    "problem": ("the file is not consistent here", "Die Datei ist an dieser Stelle nicht stimmig"),
    "expression": ("the expression cannot be read as FEEL", "Der Ausdruck ist nicht als FEEL lesbar"),
    "timer": (
        "the timer is not an ISO 8601 date, duration or cycle, nor a cron text",
        "Der Timer ist kein ISO-8601-Datum, keine Dauer, kein Zyklus und kein Cron-Text",
    ),
    "condition-missing": (
        "a flow out of an exclusive gateway has neither a condition nor is it the default",
        "Ein Fluss aus einem exklusiven Gateway hat weder Bedingung noch ist er Standard",
    ),
    "dangling-flow": (
        "the flow does not join two nodes of one level",
        "Der Fluss verbindet nicht zwei Knoten einer Ebene",
    ),
    "unreachable": ("no flow leads here", "Kein Fluss führt hierher"),
    "start": (
        "the start is not clear or of a kind that is not supported",
        "Der Start ist nicht eindeutig oder nicht unterstützt",
    ),
    "event": (
        "this kind of event is not supported here",
        "Diese Art von Ereignis wird hier nicht unterstützt",
    ),
    "multiple-event": (
        "an event with several definitions is not supported",
        "Ein Ereignis mit mehreren Definitionen wird nicht unterstützt",
    ),
    "boundary": (
        "the event is not attached to an activity",
        "Das Ereignis hängt an keiner Aktivität",
    ),
    "link": (
        "the link has no counterpart, or several, on this level",
        "Der Link hat auf dieser Ebene keine oder mehrere Gegenstellen",
    ),
    "event-gateway": (
        "after an event-based gateway only catching events and receive tasks may follow",
        "Auf ein ereignisbasiertes Gateway dürfen nur Ereignisse und Empfangsaufgaben folgen",
    ),
    "complex-gateway": (
        "a complex gateway that joins does not say when it goes on (activationCondition)",
        "Ein zusammenführendes komplexes Gateway sagt nicht, wann es weitergeht (activationCondition)",
    ),
    "ad-hoc": ("an ad-hoc sub-process is not supported", "Ad-hoc-Teilprozesse werden nicht unterstützt"),
    "compensation": (
        "the compensation has no handler, or nothing to undo, on this level",
        "Die Kompensation hat auf dieser Ebene keinen Behandler oder nichts rückgängig zu machen",
    ),
    "transaction": (
        "a cancel event does not belong to a transaction with a cancel boundary",
        "Das Abbruchereignis gehört zu keiner Transaktion mit Abbruch-Randereignis",
    ),
    "event-subprocess": (
        "an event sub-process needs exactly one start event with a trigger and no flows",
        "Ein Ereignis-Teilprozess braucht genau ein Startereignis mit Auslöser und keine Flüsse",
    ),
    "call": (
        "the called process is not in this file or cannot be called",
        "Der aufgerufene Prozess fehlt in dieser Datei oder ist nicht aufrufbar",
    ),
    "decision": (
        "the decision is not among the decision files",
        "Die Entscheidung ist nicht in den Entscheidungsdateien enthalten",
    ),
    "loop": ("the loop says neither how often nor until when", "Die Schleife nennt weder Anzahl noch Ende"),
}


def reason(code: str, detail: str = "") -> str:
    """The reason text of a blocker."""
    return f"{code}: {REASONS[code][0]}" + (f" ({detail})" if detail else "")


def explain(reason_text: str, lang: str = "de") -> str:
    """A blocker's reason in the reader's language, detail kept; a text from elsewhere comes back unchanged."""
    code = reason_text.split(":", 1)[0]
    if code not in REASONS:
        return reason_text
    english, german = REASONS[code]
    return reason_text.removeprefix(f"{code}: ").replace(english, german if lang == "de" else english, 1)
