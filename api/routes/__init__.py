"""One file per resource; endpoints are thin: they take a request apart, call one function of the service and answer."""

from __future__ import annotations

from typing import Any

from api.schemas import Problem

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}}
    for status in (400, 401, 403, 404, 409, 412, 413, 422, 503)
}
"""What any operation may answer besides its result."""
