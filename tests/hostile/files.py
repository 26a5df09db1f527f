"""Files that somebody could upload to harm us, each with the code or blocker that must meet it.

`CANARY` is a name that no honest code contains: it must never be compiled, executed, opened or connected to.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass

from tests.unit.model.texts import BPMN, bpmn

CANARY = "LICHTUNG_CANARY_7f3a"
PORT = 47_611
"""Nobody listens here; a connection would be seen all the same."""

EVIL = f"__import__('os').system('{CANARY}')"
_HEAD = f'<definitions xmlns="{BPMN}">'
_TASK = (
    '<process id="p" isExecutable="true"><task id="t"><documentation>&x;</documentation></task></process></definitions>'
)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file: `make` builds it when it is needed; `code` is the refusal."""

    name: str
    make: Callable[[], bytes]
    code: str


def _xml(prolog: str, body: str = _HEAD + _TASK) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{prolog}{body}'.encode()


def _doctypes(canary_path: str) -> list[Hostile]:
    url = f"http://127.0.0.1:{PORT}/{CANARY}"
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    cases = {
        "empty doctype": "<!DOCTYPE definitions>",
        "doctype after a comment": "<!-- x --><!DOCTYPE definitions>",
        "external file entity": f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{canary_path}">]>',
        "external http entity": f'<!DOCTYPE d [<!ENTITY x SYSTEM "{url}">]>',
        "external ftp entity": f'<!DOCTYPE d [<!ENTITY x SYSTEM "ftp://127.0.0.1:{PORT}/{CANARY}">]>',
        "parameter entity": f'<!DOCTYPE d [<!ENTITY % p SYSTEM "file://{canary_path}"> %p;]>',
        "external subset": f'<!DOCTYPE definitions SYSTEM "{url}">',
        "public external subset": f'<!DOCTYPE definitions PUBLIC "-//X//Y" "{url}">',
        "billion laughs": f'<!DOCTYPE d [<!ENTITY l0 "lol">{laughs}<!ENTITY x "&l9;">]>',
        "quadratic blow-up": f'<!DOCTYPE d [<!ENTITY x "{"a" * 50_000}">]>',
        "entity that names itself": '<!DOCTYPE d [<!ENTITY x "&x;">]>',
        "attribute defaults": '<!DOCTYPE d [<!ATTLIST task name CDATA "evil">]>',
        "notation": f'<!DOCTYPE d [<!NOTATION n SYSTEM "{url}">]>',
    }
    found = [Hostile(name, lambda p=prolog: _xml(p), "xml-doctype") for name, prolog in cases.items()]  # type: ignore[misc]
    wide = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE d [<!ENTITY x SYSTEM "file://{canary_path}">]>'
    found.append(Hostile("doctype in UTF-16", lambda: (wide + _HEAD + _TASK).encode("utf-16"), "xml-doctype"))
    return found


def _encodings() -> list[Hostile]:
    plain = bpmn('<task id="t"/>')
    text = plain.decode()

    def declared(name: str) -> Callable[[], bytes]:
        return lambda: text.replace('encoding="UTF-8"', f'encoding="{name}"').encode()

    utf7 = text.replace('encoding="UTF-8"', 'encoding="UTF-7"').replace("<", "+ADw-").encode()
    cases: dict[str, Callable[[], bytes]] = {
        "UTF-7 declared": declared("UTF-7"),
        "UTF-7 written": lambda: b"+/v8-" + utf7,
        "UTF-7 mark": lambda: b"+/v9" + plain,
        "UTF-32 little endian": lambda: text.encode("utf-32-le").join([b"\xff\xfe\x00\x00", b""]),
        "UTF-32 big endian": lambda: b"\x00\x00\xfe\xff" + text.encode("utf-32-be"),
        "EBCDIC declared": declared("cp037"),
        "UTF-16 declared over ASCII": declared("UTF-16"),
        "UTF-8 mark, UTF-16 declared": lambda: b"\xef\xbb\xbf" + declared("UTF-16")(),
        "UTF-8 mark, Latin-1 declared": lambda: b"\xef\xbb\xbf" + declared("ISO-8859-1")(),
        "UTF-16 mark, UTF-8 declared": lambda: text.encode("utf-16"),
        "Python codec declared": declared("unicode_escape"),
        "rot13 declared": declared("rot13"),
        "zip codec declared": declared("zlib_codec"),
        "overlong UTF-8": lambda: plain.replace(b'"t"', b'"\xc0\xbct"'),
        "truncated UTF-8": lambda: plain + b"\xc3",
        "odd UTF-16": lambda: text.replace("UTF-8", "UTF-16").encode("utf-16") + b"<",
        "lone surrogate": lambda: text.replace("UTF-8", "UTF-16").encode("utf-16") + b"\x00\xd8\x00\x00",
    }
    return [Hostile(name, make, "xml-encoding") for name, make in cases.items()]


def _sizes() -> list[Hostile]:
    def many(count: int, text: str) -> Callable[[], bytes]:
        return lambda: _HEAD.encode() + text.encode() * count + b"</definitions>"

    megabyte = 1024 * 1024
    return [
        Hostile("50 MB", lambda: bpmn(" " * (50 * megabyte)), "file-too-large"),
        Hostile("one byte too many", lambda: b" " * (5 * megabyte + 1), "file-too-large"),
        Hostile("a million elements", many(1_000_000, "<a/>"), "xml-too-many-elements"),
        Hostile("depth 10,000", lambda: b"<a>" * 10_000 + b"</a>" * 10_000, "xml-too-deep"),
        Hostile("depth 10,000 of sub-processes", lambda: bpmn("<subProcess>" * 10_000), "xml-too-deep"),
        Hostile(
            "100,000 attributes",
            lambda: bpmn("<task " + " ".join(f'a{n}="{n}"' for n in range(100_000)) + "/>"),
            "xml-too-many-attributes",
        ),
        Hostile("a long attribute", lambda: bpmn(f'<task name="{"a" * megabyte}"/>'), "xml-attribute-too-long"),
        Hostile("a long text", lambda: bpmn("a" * (2 * megabyte)), "xml-text-too-long"),
        Hostile("a long CDATA", lambda: bpmn(f"<![CDATA[{'a' * (2 * megabyte)}]]>"), "xml-text-too-long"),
        Hostile(
            "many namespaces",
            lambda: bpmn("<task " + " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(5_000)) + "/>"),
            "xml-too-many-namespaces",
        ),
        Hostile("character references", lambda: bpmn("&#97;" * 500_000 + "<a/>" * 20_001), "xml-too-many-elements"),
    ]


def _structures(canary_path: str) -> list[Hostile]:
    xinclude = "http://www.w3.org/2001/XInclude"
    plain = bpmn('<task id="t"/>')
    include = f'<x:include xmlns:x="{xinclude}" href="file://{canary_path}" parse="text"/>'
    stylesheet = f'<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:{PORT}/{CANARY}"?>'
    cases: list[tuple[str, Callable[[], bytes], str]] = [
        ("XInclude", lambda: bpmn(include), "xml-xinclude"),
        ("XInclude declared only", lambda: bpmn("", attributes=f'xmlns:x="{xinclude}"'), "xml-xinclude"),
        ("XInclude in an extension", lambda: bpmn(f"<extensionElements>{include}</extensionElements>"), "xml-xinclude"),
        ("stylesheet", lambda: _xml(stylesheet), "xml-processing-instruction"),
        ("PHP", lambda: bpmn(f"<?php system('{CANARY}'); ?>"), "xml-processing-instruction"),
        ("instruction after the end", lambda: plain + b"<?x y?>", "xml-processing-instruction"),
        ("NUL in a name", lambda: plain.replace(b'"t"', b'"t\x00"'), "xml-nul"),
        ("NUL after the end", lambda: plain + b"\x00", "xml-nul"),
        (
            "NUL in UTF-16",
            lambda: plain.decode().replace("UTF-8", "UTF-16").replace('"t"', '"\x00"').encode("utf-16"),
            "xml-nul",
        ),
        ("XML 1.1", lambda: plain.replace(b'"1.0"', b'"1.1"', 1), "xml-version"),
        ("XML 2.0", lambda: plain.replace(b'"1.0"', b'"2.0"', 1), "xml-version"),
        ("nothing", lambda: b"", "file-empty"),
        ("blanks", lambda: b" \n" * 100, "file-empty"),
        ("only a mark", lambda: b"\xef\xbb\xbf", "file-empty"),
        ("unknown entity", lambda: bpmn('<task id="&xxe;"/>'), "xml-malformed"),
        ("reference to NUL", lambda: bpmn('<task id="&#0;"/>'), "xml-malformed"),
        ("reference to a surrogate", lambda: bpmn('<task id="&#xD800;"/>'), "xml-malformed"),
        ("control character", lambda: plain.replace(b'"t"', b'"\x08"'), "xml-malformed"),
        ("two roots", lambda: plain + plain[plain.index(b"<def") :], "xml-malformed"),
        ("unclosed", lambda: plain[:-10], "xml-malformed"),
        ("attribute twice", lambda: bpmn('<task id="a" id="b"/>'), "xml-malformed"),
        ("attribute twice by prefix", lambda: bpmn('<task xmlns:w="urn:vendor" v:a="1" w:a="2"/>'), "xml-malformed"),
        ("undeclared prefix", lambda: bpmn("<nobody:task/>"), "xml-malformed"),
        ("late declaration", lambda: b" " + plain, "xml-malformed"),
        ("broken declaration", lambda: b"<?xml version='1.0' encoding=UTF-8?>" + plain, "xml-malformed"),
        ("two declarations", lambda: plain[: plain.index(b"<def")] + plain, "xml-malformed"),
        ("compressed", lambda: gzip.compress(plain), "xml-encoding"),
        ("a picture", lambda: b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "xml-encoding"),
        ("JSON", lambda: b'{"process": 1}', "xml-malformed"),
        ("a web page", lambda: b"<html><script>alert(1)</script></html>", "not-bpmn"),
        ("SVG", lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "not-bpmn"),
        ("XSLT", lambda: b'<s:stylesheet xmlns:s="http://www.w3.org/1999/XSL/Transform"/>', "not-bpmn"),
        ("definitions of nobody", lambda: b"<definitions><process/></definitions>", "not-bpmn"),
        ("the same id twice", lambda: bpmn('<task id="a"/><task id="a"/>'), "duplicate-id"),
        ("the id of a process again", lambda: bpmn('<task id="p"/>'), "duplicate-id"),
        ("an id of a hidden definition", lambda: bpmn('<task id="m"/>', head='<message id="m"/>'), "duplicate-id"),
    ]
    return [Hostile(name, make, code) for name, make, code in cases]


def refused(canary_path: str) -> list[Hostile]:
    """Files that gates 1 and 2 or the reader refuse."""
    return [*_doctypes(canary_path), *_encodings(), *_sizes(), *_structures(canary_path)]


_FLOW = '<startEvent id="s"/>{}<endEvent id="e"/>'
_CHAIN = '<sequenceFlow id="f1" sourceRef="s" targetRef="n"/><sequenceFlow id="f2" sourceRef="n" targetRef="e"/>'


def _around(node: str) -> bytes:
    return bpmn(_FLOW.format(node) + _CHAIN)


def _decision(condition: str) -> bytes:
    flow = f'<sequenceFlow id="f2" sourceRef="n" targetRef="e"><conditionExpression>{condition}</conditionExpression>'
    return bpmn(
        _FLOW.format('<exclusiveGateway id="n" default="f3"/>')
        + f'<sequenceFlow id="f1" sourceRef="s" targetRef="n"/>{flow}</sequenceFlow>'
        + '<sequenceFlow id="f3" sourceRef="n" targetRef="e"/>'
    )


def _timer(kind: str) -> bytes:
    definition = f"<timerEventDefinition><{kind}>{EVIL}</{kind}></timerEventDefinition>"
    return _around(f'<intermediateCatchEvent id="n">{definition}</intermediateCatchEvent>')


def blocked(canary_path: str) -> dict[str, tuple[bytes, str]]:
    """Files that are read, and must never be executed: name to (content, id of the element to be named)."""
    listener = f'<camunda:executionListener event="start" expression="${{{EVIL}}}"/>'
    loop = f"<multiInstanceLoopCharacteristics><loopCardinality>{EVIL}</loopCardinality>"
    return {
        "script task": (_around(f'<scriptTask id="n" scriptFormat="python"><script>{EVIL}</script></scriptTask>'), "n"),
        "script file": (
            _around(f'<scriptTask id="n" scriptFormat="groovy" camunda:resource="file://{canary_path}"/>'),
            "n",
        ),
        "class name": (_around('<serviceTask id="n" camunda:class="java.lang.Runtime"/>'), "n"),
        "delegate": (_around(f'<serviceTask id="n" camunda:delegateExpression="${{{EVIL}}}"/>'), "n"),
        "expression": (_around(f'<serviceTask id="n" camunda:expression="${{{EVIL}}}"/>'), "n"),
        "listener": (_around(f'<task id="n"><extensionElements>{listener}</extensionElements></task>'), "n"),
        "Python in a condition": (_decision(EVIL), "f2"),
        "JUEL in a condition": (_decision(f"${{{EVIL}}}"), "f2"),
        "dunder walk in a condition": (_decision("().__class__.__bases__[0].__subclasses__()"), "f2"),
        "lambda in a condition": (_decision(f"(lambda: {EVIL})()"), "f2"),
        "Python in a timer date": (_timer("timeDate"), "n"),
        "Python in a timer duration": (_timer("timeDuration"), "n"),
        "Python in a timer cycle": (_timer("timeCycle"), "n"),
        "Python in a cardinality": (
            _around(f'<userTask id="n">{loop}</multiInstanceLoopCharacteristics></userTask>'),
            "n",
        ),
        "flow to nothing": (_around('<task id="n"/><sequenceFlow id="f3" sourceRef="n" targetRef="gone"/>'), "f3"),
        "boundary on nothing": (_around('<task id="n"/><boundaryEvent id="b" attachedToRef="gone"/>'), "b"),
        "unknown element": (_around('<task id="n"/><magicTask id="x"/>'), "x"),
        "called process from an expression": (_around(f'<callActivity id="n" calledElement="${{{EVIL}}}"/>'), "n"),
        "called process elsewhere": (_around('<callActivity id="n" calledElement="file:///etc/passwd"/>'), "n"),
    }
