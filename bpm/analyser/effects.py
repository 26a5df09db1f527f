"""Whether a step does something in the world that no later step has to read: it tells, pays, hands over, destroys.

Judged by the label, in German and English; what goes out is an effect, whatever data it leaves in the case.
"""

from __future__ import annotations

import re

from bpm.analyser.likeness import words
from bpm.model.process import FlowNode, ServiceTask

_OUTWARD = re.compile(
    r"versend|versand|verschick|^schick|absend|^send|zusend|zustell|uebersend|uebermittel|uebergeb|uebergab|ueberweis"
    r"|mitteil|benachrichtig|informier|unterricht|bekannt|verkuend|veroeffentlich|^antwort|beantwort|^melde|meldung$"
    r"|anschreib|aushaendig|ausgeb|ausgabe$|auslegen|aushaeng|aushang|ausstell|abhol|liefer|bereitstell|freischalt"
    r"|sperren|^zahl|(?:aus|be|ein|zurueck)zahl|erstatt|^buch|(?:ab|ein|ver)buch|einzieh|vollstreck|mahn|erinner"
    r"|einlad|vorlad|^druck|(?:aus|be)druck|siegel|stempel|loesch|vernicht|archiv|ablegen|ablage$|aufbewahr|eintrag"
    r"|registrier|anlegen|einricht|aufstell|montier|abbau|reparier|reinig|raeum|besichtig|begeh|anhoer|berat"
    r"|^notif|^publish|^deliver|^ship|^pay|^print|^book$|^issue|^inform$|^remind|^invite|^archiv|^delete|^destroy"
    r"|^store$|^hand$|^install|^repair|^clean$|^refund|^register$|^mail|^call$|^announce|^reply"
)


def acts_outward(node: FlowNode) -> bool:
    """Whether a step is meant for somebody or something outside the case, as far as its kind and label tell."""
    if node.type in ("sendTask", "callActivity"):
        return True
    if isinstance(node, ServiceTask) and not node.facts.writes:
        return True  # what another system does with it is not in the model
    return any(_OUTWARD.search(word) for word in words(node.name))
