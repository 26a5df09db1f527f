"""A step or a rule decides little and costs much: played without it, hardly any case ends otherwise.

What it finds
Steps and rules without which the procedure was played a second time, with the same luck case by case: at most one case
of a hundred may end otherwise without the step (upper end of the exact 95 % interval), while the step takes at least
its even share of the city's working time, of the citizens' or businesses' time, or of the time from start to end. It is
a measurement on a scenario, so `bpm question` produces it (and the page "What would be without ..."), not `bpm check`.
City, citizens and businesses are apart; the joint saving of all such steps stands beside the sum of the single ones.

Why it costs
People do the step in every case, applicants wait for it, and the result is the same as without it.

When to keep the step
Only outcomes are measured. The step may deter, prepare reasons or evidence, protect a right, tell or hand over
something outside the case, or be demanded by law; protected steps are never proposed, and where the absence would have
to be guessed nothing is said. Figures that were not calibrated are assumptions.

Example
A co-signature refuses one case of 500: without it 0.2 % of the cases end otherwise, and 900 hours a year are released.

Source
Common random numbers: Law, Simulation Modeling and Analysis, 5th ed. 2015, 11.2; interval of a share: Clopper, Pearson
1934; task elimination: Reijers, Limam Mansar 2005.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, check
from bpm.analyser.given import Given

DE = """Ein Schritt oder eine Regel entscheidet wenig und kostet viel: ohne sie endet kaum ein Fall anders.

Was gefunden wird
Schritte und Regeln, ohne die der Ablauf ein zweites Mal durchgespielt wurde, Fall für Fall mit demselben Zufall:
höchstens einer von hundert Fällen endet ohne den Schritt anders (obere Grenze des exakten 95-%-Bereichs), und der
Schritt nimmt mindestens seinen gleichen Anteil an der Arbeitszeit der Stadt, an der Zeit der Bürgerinnen und Bürger
oder der Unternehmen oder an der Dauer vom Anfang bis zum Ende. Es ist eine Messung an einem Szenario, also liefert sie
`bpm question` (und die Seite „Was wäre ohne …“), nicht `bpm check`. Stadt, Bürger und Unternehmen stehen für sich; die
gemeinsame Ersparnis aller solchen Schritte steht neben der Summe der einzelnen.

Warum es kostet
Menschen tun den Schritt in jedem Fall, Antragstellende warten darauf, und das Ergebnis ist dasselbe wie ohne ihn.

Wann es bleiben soll
Gemessen sind nur Ausgänge. Der Schritt kann abschrecken, Gründe oder Nachweise vorbereiten, ein Recht schützen, nach
außen etwas mitteilen oder übergeben, oder vorgeschrieben sein; geschützte Schritte werden nie vorgeschlagen, und wo
geraten werden müsste, was ohne ihn gälte, wird nichts gesagt. Nicht kalibrierte Zahlen sind Annahmen.

Beispiel
Eine Mitzeichnung lehnt einen Fall von 500 ab: ohne sie enden 0,2 % der Fälle anders, 900 Stunden im Jahr werden frei.

Quelle
Gemeinsame Zufallszahlen: Law, Simulation Modeling and Analysis, 5. Aufl. 2015, 11.2; Bereich eines Anteils: Clopper,
Pearson 1934; Wegfall von Aufgaben: Reijers, Limam Mansar 2005.
"""


@check(
    code="AB02",
    family="ablation",
    severity="info",
    basis="measurement",
    title={"de": "Entscheidet wenig, kostet viel", "en": "Decides little, costs much"},
)
def find_measured(given: Given) -> Iterator[Outcome]:
    """Nothing: the model alone measures nothing; see `bpm.question.steps`."""
    yield from ()
