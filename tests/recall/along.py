"""What truly comes along with an injected defect, and why: the only findings beside it that are no false alarms.

Every entry is bound to the place: the finding must name an element that was injected or changed.
"""

from __future__ import annotations

from bpm.analyser.finding import Finding
from tests.recall.flowops import Place
from tests.recall.flows import Draft

REASONS: dict[str, dict[str, str]] = {
    "repeat_step": {
        "FL05": "what the first of two equal steps wrote is overwritten by the second before anybody reads it",
        "RS02": "what is overwritten unread has no effect",
        "RS09": "the twin stands next to a step of the same office",
        "RS08": "the twin does not need the step it was put behind",
        "RS05": "a step called a check is a check made again",
        "RS04": "an approval made again is implied by the first",
    },
    "lost": {
        "RS02": "what is overwritten unread has no effect",
        "RS09": "the new step stands next to one of the same office",
        "RS08": "the new step does not need the one before",
        "RS01": "the new step has the inputs and outputs of the one before",
    },
    "idle_step": {"RS08": "the next step does not need what nobody reads"},
    "decide_again": {"FL05": "the first result may be overwritten unread", "RS01": "equal role, inputs and outputs"},
    "dear_first": {"RS07": "the cheap check comes after a dearer one although its data were there before"},
    "destroyed_early": {"RS09": "the deleting step stands next to one of the same office"},
    "destroyed_twice": {"RS09": "the two deleting steps stand next to each other in one office"},
    "check_last": {
        "RS09": "moved, the check stands next to a step of the same office",
        "RS08": "the check does not need the step before, which is why it could come earlier",
    },
    "implied_approval": {"RC11": "the two tables cut one quantity at unequal bounds"},
    "ask_for_held_paper": {"BU04": "a copy that is held elsewhere is also a copy that no norm asks for"},
    "ask_twice": {"FL05": "the first answer may be overwritten", "RS08": "the question does not need the step before"},
    "further_way": {"RS11": "a flow for what is no result is a dead path"},
    "misspelt_guard": {"RS11": "a flow for what is no result is a dead path"},
    "new_output": {"RS11": "where the new result took the place of the old one, the old one's flow is dead"},
    "ask_again": {"FL06": "a guard that can never hold is a flow without output", "RS05": "the same is asked again"},
    "approval_without_no": {"FL06": "a guard that can never hold is a flow without output"},
    "dead_way": {"FL06": "a guard that can never hold is a flow without output"},
    "many_rounds": {"RS08": "reading over is not needed by the next step"},
}
BLOCKS = ("one_branch_leaves", "choice_then_wait", "both_then_first", "no_join", "silent_fork", "dead_way", "at_once",
          "uncovered_number", "written_on_one_way")  # fmt: skip
for _name in BLOCKS:
    REASONS.setdefault(_name, {})["RS07"] = "the cheap check now comes after a dearer step that was put before it"
for _name in ("both_then_first", "no_join", "silent_fork"):
    REASONS[_name]["FL05"] = "what is done twice at once writes what the other one reads"
"""By operator: the code that comes along, and why it is true."""


def comes_along(operator: str, it: Finding, place: Place, draft: Draft, clean: Draft) -> bool:
    """Whether the finding follows from the injected defect by definition, at the injected place."""
    if it.code not in REASONS.get(operator, {}):
        return False
    injected = {*place.elements, *place.every, *(name for name in draft.nodes if name not in clean.nodes)}
    injected |= {node for name in injected if name in draft.nodes for node in draft.next_steps(name)}
    if operator in BLOCKS and it.code in ("RS07", "FL05"):
        return True  # it shows behind the block: where two tokens meet, or at the check that now comes later
    tables = {table.id for table in draft.tables}
    return bool(injected & set(it.element_ids)) or bool(tables & {it.decision, *it.element_ids})
