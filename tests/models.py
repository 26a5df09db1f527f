"""Small models for tests of the service, written as XML so that they take the way of every uploaded file."""

from __future__ import annotations

from itertools import pairwise

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'id="definitions" targetNamespace="urn:test">\n'
)


def document(key: str, body: str, before: str = "", name: str = "") -> bytes:
    """A BPMN file with one executable process."""
    process = f'<process id="{key}" name="{name or key}" isExecutable="true">{body}</process>'
    return f"{HEAD}{before}{process}</definitions>".encode()


def sequence(key: str = "antrag", tasks: int = 2, groups: str = "Sachbearbeitung") -> bytes:
    """Start, user tasks `t1`, `t2`, ... in a row, end."""
    group = f' camunda:candidateGroups="{groups}"' if groups else ""
    nodes = ["start", *(f"t{number}" for number in range(1, tasks + 1)), "ende"]
    body = '<startEvent id="start"/><endEvent id="ende"/>'
    body += "".join(f'<userTask id="{node}" name="Aufgabe {node}"{group}/>' for node in nodes[1:-1])
    body += flows(*pairwise(nodes))
    return document(key, body)


def flows(*pairs: tuple[str, str]) -> str:
    """Sequence flows between pairs of nodes."""
    return "".join(
        f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"/>' for source, target in pairs
    )


def with_job(key: str = "auftrag", topic: str = "melderegister") -> bytes:
    """Start, one external job `abfrage` with an error boundary, then a user task."""
    body = (
        '<startEvent id="start"/><endEvent id="ende"/><endEvent id="gestoert"/>'
        f'<serviceTask id="abfrage" camunda:type="external" camunda:topic="{topic}"/>'
        '<boundaryEvent id="fehler" attachedToRef="abfrage"><errorEventDefinition errorRef="weg"/></boundaryEvent>'
        '<userTask id="pruefen"/>'
    )
    body += flows(("start", "abfrage"), ("abfrage", "pruefen"), ("pruefen", "ende"), ("fehler", "gestoert"))
    return document(key, body, '<error id="weg" name="weg" errorCode="WEG"/>')


def with_message(key: str = "post", kind: str = "message", name: str = "Zahlung") -> bytes:
    """Start, wait for a message (or signal), end."""
    body = (
        '<startEvent id="start"/><endEvent id="ende"/>'
        f'<intermediateCatchEvent id="warten"><{kind}EventDefinition {kind}Ref="ref"/></intermediateCatchEvent>'
    )
    body += flows(("start", "warten"), ("warten", "ende"))
    return document(key, body, f'<{kind} id="ref" name="{name}"/>')


def message_start(key: str = "eingang", name: str = "Eingang") -> bytes:
    """Started by a message, then one user task."""
    body = (
        '<startEvent id="start"><messageEventDefinition messageRef="ref"/></startEvent>'
        '<userTask id="lesen"/><endEvent id="ende"/>'
    )
    return document(key, body + flows(("start", "lesen"), ("lesen", "ende")), f'<message id="ref" name="{name}"/>')


def sender(key: str = "absender", name: str = "Eingang") -> bytes:
    """Throws a message and ends."""
    body = (
        '<startEvent id="start"/><endEvent id="ende"/>'
        '<intermediateThrowEvent id="senden"><messageEventDefinition messageRef="ref"/></intermediateThrowEvent>'
    )
    return document(key, body + flows(("start", "senden"), ("senden", "ende")), f'<message id="ref" name="{name}"/>')


def with_timer(key: str = "frist", duration: str = "PT1H") -> bytes:
    """A user task with an interrupting timer at its boundary."""
    body = (
        '<startEvent id="start"/><userTask id="t1"/><endEvent id="ende"/><endEvent id="abgelaufen"/>'
        '<boundaryEvent id="uhr" attachedToRef="t1"><timerEventDefinition>'
        f"<timeDuration>{duration}</timeDuration></timerEventDefinition></boundaryEvent>"
    )
    return document(key, body + flows(("start", "t1"), ("t1", "ende"), ("uhr", "abgelaufen")))


def with_script(key: str = "skript") -> bytes:
    """Readable, but never executed."""
    body = (
        '<startEvent id="start"/><scriptTask id="rechnen" scriptFormat="javascript"><script>1</script></scriptTask>'
        '<endEvent id="ende"/>'
    )
    return document(key, body + flows(("start", "rechnen"), ("rechnen", "ende")))


DECISION = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="regeln" name="regeln" namespace="urn:test">
<decision id="gebuehr" name="Gebuehr"><decisionTable id="tafel" hitPolicy="UNIQUE">
<input id="i"><inputExpression id="e" typeRef="number"><text>monate</text></inputExpression></input>
<output id="o" name="euro" typeRef="number"/>
<rule id="r1"><inputEntry id="a"><text>&lt;= 12</text></inputEntry>
<outputEntry id="b"><text>30.70</text></outputEntry></rule>
<rule id="r2"><inputEntry id="c"><text>&gt; 12</text></inputEntry>
<outputEntry id="d"><text>61.40</text></outputEntry></rule>
</decisionTable></decision></definitions>"""
