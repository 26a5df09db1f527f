"""One file per resource; endpoints are thin: they take a request apart, call one function of the service and answer."""

from __future__ import annotations

from typing import Any

from api.problems import MEDIA_TYPE, TITLES

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": TITLES[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 401, 403, 404, 409, 412, 413, 422, 503)
}
"""What any operation may answer besides its result. A reference, not a model: FastAPI would build a validator for each
of the nine at each operation, which cost a restarting server a third of its start."""
