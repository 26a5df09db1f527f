"""A model from a log alone: what directly followed what, filtered, drawn as BPMN that is sound by its making.

Every activity that is common enough becomes one task; every common enough "directly followed by" becomes a flow.
Several flows into a task meet in an exclusive gateway, several out of it part in one. Each task lies on a way from the
start to the end, and only one token ever moves, so nothing can deadlock, run twice or be left over (a state machine
with one end: van der Aalst 1998, workflow nets). The price, said to whoever asks: work side by side is shown as one
after the other in the orders that were seen, the way on depends on the last step only, and the one end says when a case
stopped, not how it was decided. This is a directly-follows graph, not an inductive or split miner.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import quoteattr

from bpm.simulator.calibration.standard import Standard

RARE_ACTIVITY = 0.005
"""Activities in a smaller share of the cases are left out."""

RARE_FLOW = 0.01
"""Flows that take a smaller share of what leaves a step, and of what enters the next, are left out."""

START, END = "start", "ende"
_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_LI = "urn:lichtung:bpmn:1"
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Discovered:
    """Tasks (`element`: activity number to id), flows between them and how often each was taken; what was left out."""

    names: tuple[str, ...]
    element: Mapping[int, str]
    flows: Mapping[tuple[str, str], int]
    dropped: tuple[str, ...]
    dropped_flows: int

    def xml(self, key: str, name: str, minutes: Mapping[str, Standard]) -> bytes:
        """The model without a diagram, with assumed `minutes` by element; the same log gives the same bytes."""
        return _xml(self, key, name, minutes)


def discover(traces: Sequence[Sequence[int]], names: Sequence[str]) -> Discovered:
    """From traces of activity numbers; at least one trace is not empty."""
    having: Counter[int] = Counter()
    for trace in traces:
        having.update(set(trace))
    least = max(2.0, RARE_ACTIVITY * len(traces)) if len(traces) > 1 else 1.0
    kept = {one for one, n in having.items() if n >= least} or set(having)
    follows: Counter[tuple[int, int]] = Counter()
    for trace in traces:
        path = [-1, *(one for one in trace if one in kept), -2]
        if len(path) > 2:
            follows.update(pairwise(path))
    chosen = _common(follows)
    _connect(chosen, follows, kept)
    ids = _ids({one: names[one] for one in sorted(kept)})
    label = {-1: START, -2: END, **ids}
    order = sorted(chosen)
    return Discovered(
        tuple(names), ids, {(label[a], label[b]): follows[a, b] for a, b in order},
        tuple(names[one] for one in sorted(having) if one not in kept), len(follows) - len(chosen),
    )  # fmt: skip


def _common(follows: Mapping[tuple[int, int], int]) -> set[tuple[int, int]]:
    out: Counter[int] = Counter()
    into: Counter[int] = Counter()
    for (a, b), n in follows.items():
        out[a] += n
        into[b] += n
    return {(a, b) for (a, b), n in follows.items() if n >= RARE_FLOW * out[a] or n >= 0.5 * into[b]}


def _connect(chosen: set[tuple[int, int]], follows: Mapping[tuple[int, int], int], kept: set[int]) -> None:
    """Give back the commonest flows that a task needs to lie between the start and the end."""
    for root, forward in ((-1, True), (-2, False)):
        while True:
            reached, waiting = {root}, [root]
            while waiting:
                at = waiting.pop()
                for a, b in chosen:
                    near, far = (a, b) if forward else (b, a)
                    if near == at and far not in reached:
                        reached.add(far)
                        waiting.append(far)
            if kept <= reached:
                break
            bridges = [
                (-n, a, b) for (a, b), n in follows.items()
                if ((a in reached) and (b not in reached) if forward else (b in reached) and (a not in reached))
            ]  # fmt: skip
            _, a, b = min(bridges)
            chosen.add((a, b))


def _ids(names: Mapping[int, str]) -> dict[int, str]:
    seen = {START, END, "model"}
    found = {}
    for number, name in names.items():
        stem = re.sub(r"[^a-z0-9]+", "_", name.casefold().translate(_UMLAUTS)).strip("_")[:60] or f"schritt_{number}"
        stem = f"s_{stem}" if stem[0].isdigit() else stem
        one, k = stem, 1
        while one in seen or one.endswith(("_split", "_join")):
            k += 1
            one = f"{stem}_{k}"
        seen.add(one)
        found[number] = one
    return found


def _xml(found: Discovered, key: str, name: str, minutes: Mapping[str, Standard]) -> bytes:
    out, into = defaultdict(list), defaultdict(list)
    for a, b in found.flows:
        out[a].append(b)
        into[b].append(a)
    names = {element: found.names[number] for number, element in found.element.items()}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             f'<definitions xmlns="{_BPMN}" xmlns:li="{_LI}" id={quoteattr("definitions_" + key)} '
             f'targetNamespace={quoteattr("urn:lichtung:discovered:" + key)}>',
             f'  <process id={quoteattr(key)} name={quoteattr(name)} isExecutable="false">',
             f'    <startEvent id="{START}"/>']  # fmt: skip
    flows: list[tuple[str, str, str]] = []
    for element in (START, *names, END):
        if len(into[element]) > 1:
            lines.append(f'    <exclusiveGateway id="{element}_join" gatewayDirection="Converging"/>')
            flows.append((f"{element}_in", f"{element}_join", element))
        if element in names:
            guess = minutes[element]
            lines += [f'    <userTask id="{element}" name={quoteattr(names[element])}>', "      <extensionElements>",
                      f'        <li:step minutes="{guess.minutes:g}" known="assumed" '
                      f"source={quoteattr(guess.source)}/>",
                      "      </extensionElements>", "    </userTask>"]  # fmt: skip
        if len(out[element]) > 1:
            lines.append(f'    <exclusiveGateway id="{element}_split" gatewayDirection="Diverging"/>')
            flows.append((f"{element}_out", element, f"{element}_split"))
    lines.append(f'    <endEvent id="{END}"/>')
    for a, b in found.flows:
        source = f"{a}_split" if len(out[a]) > 1 else a
        target = f"{b}_join" if len(into[b]) > 1 else b
        flows.append((f"{a}__{b}", source, target))
    lines += [f'    <sequenceFlow id="{id}" sourceRef="{a}" targetRef="{b}"/>' for id, a, b in flows]
    lines += ["  </process>", "</definitions>", ""]
    return "\n".join(lines).encode()
