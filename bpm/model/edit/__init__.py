"""Edits: what a remedy does to a file, as frozen values, and `apply`, which does it.

A finding's `remedy.edits` are these values as JSON objects. Each has `do`; numbers of rows are 1-based and mean the
file as it is, also when several edits are applied together.

Decision tables (`rules.py`); each also has `decision` (the id of the decision or business knowledge model that holds
the table) and, where it holds several, `table` (1-based, 1 left out):

===================  ================================================================================================
`remove-rule`        `rule`: the row goes
`replace-rules`      `rules`, `row`, `with` `{"inputs": {expression: FEEL}, "outputs": {name: FEEL}}`: one row instead
`move-rule`          `rule`, `before` (row or null: the end)
`add-rule`           `with` as above: a new last row; an output that is null is left for the board to decide
`set-cell`           `rule`, `input` (expression) or `output` (name), `text`: one cell says something else
`set-hit-policy`     `hit_policy`, `aggregation`
`remove-input`       `input`: the columns over this expression go
===================  ================================================================================================

Processes (`steps.py`); `element` and `elements` are ids of the BPMN file:

===================  ================================================================================================
`remove-step`        `element`, `keeps` (the step that makes it needless): what led to it leads on to what came after
`merge-steps`        `elements` (two), `name`: two tasks of people become one
`parallelise-steps`  `elements`: a chain of activities between an AND split and an AND join
`move-step`          `element`, `before`: done directly before another node
`query-register`     `element`, `register`, `topic`, `receive`, `name`: a request for a paper becomes a service task
`set-channel`        `element`, `channel`
`change-gateway`     `element`, `kind`: a gateway that only joins joins in another way
===================  ================================================================================================

What such an edit would have to guess it refuses (`edit-impossible`): several ways out of a removed step, an event-based
gateway that waits for it, a merge that would lose something recorded. New shapes stand in room made for them; the rest
of the diagram keeps its order, and its bytes where it does not have to move.

Why it is so:

- *Nothing is written that was not edited.* `apply` replaces spans of the file's own text (`bpm.model.source`): ids,
  quotes, comments, vendor attributes and the diagram of what stays are the same bytes.
- *All at once.* Edits applied together mean the file as it is, so no edit shifts the rows of another one. Edits that
  touch the same row, column or step exclude each other (`clash`); equal edits are one.
- *No judgement here.* Whether an edit changes a decision is proven a floor above (`bpm.analyser.equivalence`).

Adding a kind: a frozen subclass of `Edit` with `do`, `notation`, `takes` and `needs`, listed in its module's `KINDS`,
and the patches for it in `apply` of the same notation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bpm.errors import InvalidRequest
from bpm.model.edit import flowpatches, rules, steps, tablepatches
from bpm.model.edit.vocabulary import Claim, Edit, clash

__all__ = ["VOCABULARY", "Claim", "Edit", "apply", "clash", "of_json"]

_KINDS: tuple[type[Edit], ...] = (*rules.KINDS, *steps.KINDS)
VOCABULARY: Mapping[str, type[Edit]] = {kind.do: kind for kind in _KINDS}
"""Every kind of edit by its `do`."""


def of_json(edits: Iterable[Mapping[str, Any]]) -> tuple[Edit, ...]:
    """The edits of a remedy. Raises InvalidRequest (`unknown-edit`, `edit-shape`)."""
    found = []
    for edit in edits:
        kind = VOCABULARY.get(str(edit.get("do")))
        if kind is None:
            raise InvalidRequest("unknown-edit", f"there is no edit {str(edit.get('do'))[:60]!r}")
        found.append(kind.of_json(edit))
    return tuple(found)


def apply(data: bytes, edits: Sequence[Edit], path: str = "") -> bytes:
    """The file with all edits made.

    Raises:
        InvalidRequest: `edits-clash` if two edits touch the same thing, `edit-target` if one names what is not there,
            `edit-notation` if they belong to files of different kinds.
        ModelError: the file cannot be read.
    """
    wanted = tuple(dict.fromkeys(edits))
    for position, edit in enumerate(wanted):
        for other in wanted[:position]:
            shared = clash(other, edit)
            if shared is not None:
                raise InvalidRequest("edits-clash", f"{other.do} and {edit.do} both touch {' '.join(shared)}")
    notations = {edit.notation for edit in wanted}
    if notations == {"dmn"}:
        return tablepatches.apply(data, [edit for edit in wanted if isinstance(edit, rules.TableEdit)], path)
    if notations == {"bpmn"}:
        return flowpatches.apply(data, [edit for edit in wanted if isinstance(edit, steps.StepEdit)], path)
    if notations:
        raise InvalidRequest("edit-notation", f"edits of {', '.join(sorted(notations))} in one file")
    return data
