"""Small BPMN files for tests, written by hand."""

from __future__ import annotations

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def bpmn(body: str, *, head: str = "", attributes: str = "") -> bytes:
    """A file with one executable process `p` that holds `body`, and `head` beside it."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="{BPMN}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
  xmlns:operaton="http://operaton.org/schema/1.0/bpmn" xmlns:li="urn:lichtung:bpmn:1" xmlns:v="urn:vendor"
  targetNamespace="urn:test" {attributes}>
{head}<process id="p" name="Verfahren" isExecutable="true">
{body}
</process></definitions>""".encode()


PASS = b"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
    xmlns:wp="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:v="urn:vendor" xmlns:t="urn:test" targetNamespace="urn:test" exporter="By hand" exporterVersion="1"
    v:tool="yes">
  <!-- a comment of the modeller -->
  <bpmn:message id="m" name="Antrag"/>
  <bpmn:collaboration id="c">
    <bpmn:participant id="pool" name="Stadt" processRef="t:p"/>
    <bpmn:participant id="outside" name="B&#252;rgerin"/>
    <bpmn:messageFlow id="mf" name="Antrag" sourceRef="outside" targetRef="s"/>
  </bpmn:collaboration>
  <bpmn:process id="p" isExecutable="true" v:owner="KVR">
    <bpmn:laneSet id="ls">
      <bpmn:lane id="outer" name="Amt"><bpmn:flowNodeRef>s</bpmn:flowNodeRef><bpmn:flowNodeRef>u</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>e</bpmn:flowNodeRef><bpmn:childLaneSet id="cs"><bpmn:lane id="inner" name="Team">
          <bpmn:flowNodeRef>u</bpmn:flowNodeRef></bpmn:lane></bpmn:childLaneSet></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="s"><bpmn:messageEventDefinition messageRef="t:m"/></bpmn:startEvent>
    <bpmn:userTask id="u" name="Pr&#252;fen" v:colour="red">
      <bpmn:documentation>Bitte genau.</bpmn:documentation>
      <bpmn:extensionElements><v:note kind="x">deep<v:inner n="1"/></v:note></bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:endEvent id="e"/>
    <bpmn:sequenceFlow sourceRef="s" targetRef="u"/>
    <bpmn:sequenceFlow id="f2" sourceRef="u" targetRef="e">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">ok = true</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
  </bpmn:process>
  <di:BPMNDiagram id="d"><di:BPMNPlane id="pl" bpmnElement="c">
    <di:BPMNShape id="u_di" bpmnElement="u" isExpanded="false" v:fill="blue">
      <dc:Bounds x="1.5" y="2" width="100" height="80"/></di:BPMNShape>
    <di:BPMNEdge id="f2_di" bpmnElement="f2"><wp:waypoint x="1" y="2"/><wp:waypoint x="3" y="4"/></di:BPMNEdge>
  </di:BPMNPlane></di:BPMNDiagram>
</bpmn:definitions>
"""
"""A small pass permit with pools, nested lanes, vendor attributes, a comment and a diagram."""
