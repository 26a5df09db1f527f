"""DMN 1.1 to 1.5 to the dataclasses of `bpm.model.decision`: everything is kept as text, nothing is judged.

The versions differ in their namespace and in what they added, not in what they share, so one mapping reads all:
elements are recognised by local name inside the file's own DMN namespace. Cycles, dangling requirements, cells that
do not parse are findings for the analyser and errors of an evaluation, not of reading. Depth is bounded by the
guard, hence recursion over boxed expressions is too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import MappingProxyType

from lxml import etree

from bpm.errors import ModelError
from bpm.model import decision as model
from bpm.model import writer
from bpm.model.process import LegalBasis
from bpm.model.reader import guard
from bpm.model.reader.facts import read_extensions, read_handover, read_legal_bases
from bpm.model.reader.names import line_of, whole_text

NAMESPACES = (
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
    "https://www.omg.org/spec/DMN/20240513/MODEL/",
)
"""DMN 1.1 to 1.5, and the one that follows it."""

_HIT_POLICIES = {
    "U": "UNIQUE",
    "A": "ANY",
    "P": "PRIORITY",
    "F": "FIRST",
    "O": "OUTPUT ORDER",
    "R": "RULE ORDER",
    "C": "COLLECT",
}
_ATTRIBUTES = frozenset(("id", "name", "label"))


def read_dmn(data: bytes, path: str) -> model.DecisionModel:
    """One DMN file as a model. Raises ModelError, located."""
    root = guard.parse(data, path, "dmn")
    tag = etree.QName(root)
    if tag.namespace not in NAMESPACES or tag.localname != "definitions":
        raise ModelError(
            "not-dmn", f"the root element is {tag.localname[:80]!r}, not DMN 1.1 to 1.5", path=path, line=line_of(root)
        )
    reading = _Reading(path, tag.namespace or "", root.get("namespace", ""), root.get("expressionLanguage"))
    reading.refuse_twice(root)
    top = reading.children(root)
    return model.DecisionModel(
        path=path,
        digest=writer.digest(root),
        name=root.get("name", ""),
        namespace=root.get("namespace", ""),
        decisions=tuple(reading.decision(element) for element in top if reading.is_a(element, "decision")),
        inputs=tuple(reading.input_data(element) for element in top if reading.is_a(element, "inputData")),
        items=tuple(reading.item(element) for element in top if reading.is_a(element, "itemDefinition")),
        knowledge=tuple(reading.knowledge(element) for element in top if reading.is_a(element, _BKM)),
        services=tuple(reading.service(element) for element in top if reading.is_a(element, "decisionService")),
        imports=tuple(_import(element) for element in top if reading.is_a(element, "import")),
        source=data,
        problems=tuple(reading.problems),
    )


_BKM = "businessKnowledgeModel"


def _import(element: etree._Element) -> model.Import:
    return model.Import(
        element.get("name", ""), element.get("namespace", ""), element.get("importType", ""), element.get("locationURI")
    )


@dataclass(slots=True)
class _Reading:
    path: str
    namespace: str
    own: str
    language: str | None
    problems: list[model.Problem] = field(default_factory=list)
    foreign: list[tuple[str, int | None]] = field(default_factory=list)

    # --- elements --------------------------------------------------------------------------------------------

    def is_a(self, element: etree._Element, local: str) -> bool:
        return str(element.tag) == f"{{{self.namespace}}}{local}"

    def children(self, element: etree._Element | None) -> list[etree._Element]:
        return [] if element is None else [part for part in element if isinstance(part.tag, str)]

    def find(self, element: etree._Element | None, local: str) -> etree._Element | None:
        return None if element is None else element.find(f"{{{self.namespace}}}{local}")

    def all(self, element: etree._Element | None, local: str) -> list[etree._Element]:
        return [] if element is None else element.findall(f"{{{self.namespace}}}{local}")

    def text(self, element: etree._Element | None) -> str | None:
        """The `text` inside an expression element; None where there is no element."""
        return None if element is None else whole_text(self.find(element, "text"))

    def type_of(self, element: etree._Element | None) -> str | None:
        """`typeRef` as attribute (1.1 on) or child element."""
        if element is None:
            return None
        return element.get("typeRef") or whole_text(self.find(element, "typeRef")) or None

    def id_of(self, element: etree._Element, default: str) -> str:
        return element.get("id") or default

    def refuse_twice(self, root: etree._Element) -> None:
        """The same id twice has no meaning: references could go to either."""
        lines: dict[str, int | None] = {}
        for element in root.iter(f"{{{self.namespace}}}*"):
            id = element.get("id")
            if id and id in lines:
                raise ModelError(
                    "duplicate-id",
                    f"id {id[:80]!r} is already taken in line {lines[id]}",
                    path=self.path,
                    line=line_of(element),
                    element=id,
                )
            if id:
                lines[id] = line_of(element)

    def references(self, element: etree._Element, outer: str, *inner: str) -> tuple[str, ...]:
        """What requirement elements point to: the id alone in this file, else `namespace#id`."""
        found = []
        for holder in self.all(element, outer):
            for target in [holder] if not inner else [part for name in inner for part in self.all(holder, name)]:
                href = (target.get("href") or "").strip()
                namespace, _, id = href.rpartition("#")
                if href:
                    found.append(id if namespace in ("", self.own) else f"{namespace}#{id}")
        return tuple(found)

    def legal_bases(self, element: etree._Element) -> tuple[LegalBasis, ...]:
        id = element.get("id", "")

        def report(code: str, message: str, line: int | None) -> None:
            self.problems.append(model.Problem(code, message, line, id))

        return read_legal_bases(self.find(element, "extensionElements"), report)

    # --- requirement graph -----------------------------------------------------------------------------------

    def decision(self, element: etree._Element) -> model.Decision:
        name = element.get("name", "")
        id = self.id_of(element, name)
        variable = self.find(element, "variable")
        inputs = self.references(element, "informationRequirement", "requiredInput")
        attributes = {
            str(key): str(value) for key, value in element.attrib.items() if key not in _ATTRIBUTES and "{" in str(key)
        }
        return model.Decision(
            id=id,
            name=name or id,
            variable=(variable.get("name") if variable is not None else None) or name or id,
            type=self.type_of(variable),
            logic=self.logic(element, id),
            requires=(*self.references(element, "informationRequirement", "requiredDecision"), *inputs),
            inputs=inputs,
            knowledge=self.references(element, "knowledgeRequirement", "requiredKnowledge"),
            question=whole_text(self.find(element, "question")),
            legal_bases=self.legal_bases(element),
            line=line_of(element),
            attributes=MappingProxyType(attributes),
            extensions=read_extensions(self.find(element, "extensionElements")),
        )

    def input_data(self, element: etree._Element) -> model.InputData:
        variable = self.find(element, "variable")
        name = (variable.get("name") if variable is not None else None) or element.get("name") or ""
        return model.InputData(self.id_of(element, name), name, self.type_of(variable), line_of(element))

    def knowledge(self, element: etree._Element) -> model.BusinessKnowledgeModel:
        name = element.get("name", "")
        variable = self.find(element, "variable")
        found = self.find(element, "encapsulatedLogic")
        return model.BusinessKnowledgeModel(
            id=self.id_of(element, name),
            name=name,
            variable=(variable.get("name") if variable is not None else None) or name,
            logic=None if found is None else self.function(found, self.id_of(element, name)),
            knowledge=self.references(element, "knowledgeRequirement", "requiredKnowledge"),
            type=self.type_of(variable),
            line=line_of(element),
        )

    def service(self, element: etree._Element) -> model.DecisionService:
        name = element.get("name", "")
        variable = self.find(element, "variable")
        return model.DecisionService(
            id=self.id_of(element, name),
            name=name,
            variable=(variable.get("name") if variable is not None else None) or name,
            outputs=self.references(element, "outputDecision"),
            encapsulated=self.references(element, "encapsulatedDecision"),
            input_decisions=self.references(element, "inputDecision"),
            input_data=self.references(element, "inputData"),
            type=self.type_of(variable),
            line=line_of(element),
        )

    def item(self, element: etree._Element) -> model.ItemDefinition:
        function = self.find(element, "functionItem")
        name = element.get("name", "")
        return model.ItemDefinition(
            id=self.id_of(element, name),
            name=name,
            base=self.type_of(element),
            components=tuple(self.item(part) for part in self.all(element, "itemComponent")),
            collection=element.get("isCollection") in ("true", "1"),
            allowed=self.text(self.find(element, "allowedValues")),
            constraint=self.text(self.find(element, "typeConstraint")),
            function=None
            if function is None
            else (
                tuple((part.get("name", ""), part.get("typeRef")) for part in self.all(function, "parameters")),
                function.get("outputTypeRef"),
            ),
            line=line_of(element),
        )

    # --- boxed expressions -----------------------------------------------------------------------------------

    def logic(self, holder: etree._Element | None, id: str) -> model.Boxed | None:
        """The first boxed expression inside `holder`."""
        for element in self.children(holder):
            reader = _BOXED.get(etree.QName(element).localname)
            if reader is not None and str(element.tag).startswith(f"{{{self.namespace}}}"):
                return reader(self, element, element.get("id") or id)
        return None

    def required(self, holder: etree._Element | None, id: str) -> model.Boxed:
        """As `logic`; a cell without expression is null."""
        found = self.logic(holder, id)
        return model.LiteralExpression("null") if found is None else found

    def language_of(self, element: etree._Element) -> str:
        stated = element.get("expressionLanguage") or self.language or "feel"
        return "feel" if "feel" in stated.lower() else stated

    def literal(self, element: etree._Element, id: str) -> model.LiteralExpression:
        return model.LiteralExpression(
            self.text(element) or "", self.type_of(element), self.language_of(element), id, line_of(element)
        )

    def context(self, element: etree._Element, id: str) -> model.ContextExpression:
        entries = []
        for entry in self.all(element, "contextEntry"):
            variable = self.find(entry, "variable")
            name = variable.get("name") if variable is not None else None
            entries.append(model.ContextEntry(name, self.required(entry, id), self.type_of(variable)))
        return model.ContextExpression(tuple(entries), self.type_of(element), id)

    def invocation(self, element: etree._Element, id: str) -> model.InvocationExpression:
        bindings = []
        for binding in self.all(element, "binding"):
            parameter = self.find(binding, "parameter")
            bindings.append((parameter.get("name", "") if parameter is not None else "", self.logic(binding, id)))
        return model.InvocationExpression(self.required(element, id), tuple(bindings), self.type_of(element), id)

    def function(self, element: etree._Element, id: str) -> model.FunctionExpression:
        return model.FunctionExpression(
            tuple((part.get("name", ""), part.get("typeRef")) for part in self.all(element, "formalParameter")),
            self.logic(element, id),
            (element.get("kind") or "FEEL"),
            self.type_of(element),
            element.get("id") or id,
        )

    def listed(self, element: etree._Element, id: str) -> model.ListExpression:
        return model.ListExpression(tuple(self.boxed_children(element, id)), self.type_of(element), id)

    def boxed_children(self, element: etree._Element, id: str) -> Iterator[model.Boxed]:
        for part in self.children(element):
            reader = _BOXED.get(etree.QName(part).localname)
            if reader is not None:
                yield reader(self, part, part.get("id") or id)

    def relation(self, element: etree._Element, id: str) -> model.RelationExpression:
        return model.RelationExpression(
            tuple(column.get("name", "") for column in self.all(element, "column")),
            tuple(tuple(self.boxed_children(row, id)) for row in self.all(element, "row")),
            self.type_of(element),
            id,
        )

    def conditional(self, element: etree._Element, id: str) -> model.ConditionalExpression:
        condition, then, otherwise = (self.required(self.find(element, part), id) for part in ("if", "then", "else"))
        return model.ConditionalExpression(condition, then, otherwise, self.type_of(element), id)

    def filter(self, element: etree._Element, id: str) -> model.FilterExpression:
        value, match = (self.required(self.find(element, part), id) for part in ("in", "match"))
        return model.FilterExpression(value, match, self.type_of(element), id)

    def iterator(self, element: etree._Element, id: str) -> model.IteratorExpression:
        kind = etree.QName(element).localname
        result = self.find(element, "return" if kind == "for" else "satisfies")
        return model.IteratorExpression(
            kind,
            element.get("iteratorVariable", ""),
            self.required(self.find(element, "in"), id),
            self.required(result, id),
            self.type_of(element),
            id,
        )

    # --- decision tables -------------------------------------------------------------------------------------

    def table(self, element: etree._Element, id: str) -> model.DecisionTable:
        self.foreign = []
        inputs = tuple(self.column(part, f"{id}-input-{at}") for at, part in enumerate(self.all(element, "input"), 1))
        outputs = tuple(
            self.output(part, f"{id}-output-{at}") for at, part in enumerate(self.all(element, "output"), 1)
        )
        rules = tuple(self.rule(part, f"{id}-rule-{at}") for at, part in enumerate(self.all(element, "rule"), 1))
        policy = (element.get("hitPolicy") or "UNIQUE").strip()
        foreign, self.foreign = tuple(self.foreign), []
        return model.DecisionTable(
            id=id,
            hit_policy=_HIT_POLICIES.get(policy, policy),
            aggregation=element.get("aggregation"),
            inputs=inputs,
            outputs=outputs,
            rules=rules,
            annotation_names=tuple(part.get("name", "") for part in self.all(element, "annotation")),
            line=line_of(element),
            foreign=foreign,
        )

    def cell(self, element: etree._Element | None) -> str | None:
        """The text of a cell; cells of another language are noted, so that nobody takes them for FEEL."""
        if element is None:
            return None
        language = self.language_of(element)
        if language != "feel":
            self.foreign.append((language, line_of(element)))
        return self.text(element)

    def column(self, element: etree._Element, default: str) -> model.InputClause:
        expression = self.find(element, "inputExpression")
        return model.InputClause(
            id=self.id_of(element, default),
            label=element.get("label", ""),
            expression=self.cell(expression) or "",
            type=self.type_of(expression),
            values=self.text(self.find(element, "inputValues")) or None,
            line=line_of(element),
        )

    def output(self, element: etree._Element, default: str) -> model.OutputClause:
        return model.OutputClause(
            id=self.id_of(element, default),
            name=element.get("name", ""),
            label=element.get("label", ""),
            type=self.type_of(element),
            values=self.text(self.find(element, "outputValues")) or None,
            default=self.cell(self.find(element, "defaultOutputEntry")) or None,
            line=line_of(element),
        )

    def rule(self, element: etree._Element, default: str) -> model.Rule:
        notes = [self.text(part) or "" for part in self.all(element, "annotationEntry")]
        description = whole_text(self.find(element, "description"))
        return model.Rule(
            id=self.id_of(element, default),
            inputs=tuple(self.cell(part) or "" for part in self.all(element, "inputEntry")),
            outputs=tuple(self.cell(part) or "" for part in self.all(element, "outputEntry")),
            annotations=tuple(notes) if notes else ((description,) if description else ()),
            legal_bases=self.legal_bases(element),
            line=line_of(element),
            handover=read_handover(self.find(element, "extensionElements")),
        )


_BOXED: dict[str, Callable[[_Reading, etree._Element, str], model.Boxed]] = {
    "literalExpression": _Reading.literal,
    "decisionTable": _Reading.table,
    "context": _Reading.context,
    "invocation": _Reading.invocation,
    "functionDefinition": _Reading.function,
    "list": _Reading.listed,
    "relation": _Reading.relation,
    "conditional": _Reading.conditional,
    "filter": _Reading.filter,
    "for": _Reading.iterator,
    "some": _Reading.iterator,
    "every": _Reading.iterator,
}
