"""The inbox in the order one asks for, page by page, while others work in it."""

from __future__ import annotations

import pytest

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code

MARKS = (("2026-03-09", 50), (None, 10), ("2026-03-05", None), ("2026-03-09", 70), (None, None))


def inbox(api: Client) -> list[str]:
    """Five tasks with these due dates and priorities, in the order they were made."""
    made = []
    for number, (due, priority) in enumerate(MARKS):
        marks = f' camunda:dueDate="{due}"' if due else ""
        marks += f' camunda:priority="{priority}"' if priority else ""
        key = f"antrag{number}"
        api.deploy(models.sequence(key, tasks=1).replace(b'id="t1"', f'id="t1"{marks}'.encode()))
        task = api.start(key)["tasks"][0]
        assert (task["due"] or "")[:10] == (due or "")
        made.append(task["id"])
    return made


def pages(api: Client, sort: str, limit: int = 2) -> list[str]:
    """All ids, asked for in small pages."""
    found, cursor = [], ""
    while True:
        answer = api("GET", f"/tasks?sort={sort}&limit={limit}{cursor}").json()
        found += [one["id"] for one in answer["items"]]
        if answer["next"] is None:
            return found
        cursor = f"&cursor={answer['next']}"


def test_tasks_are_sorted_and_those_without_the_value_come_last(api: Client) -> None:
    made = inbox(api)
    expected = {
        "created": [0, 1, 2, 3, 4],
        "-created": [4, 3, 2, 1, 0],
        "due": [2, 0, 3, 1, 4],
        "-due": [0, 3, 2, 1, 4],
        "priority": [1, 0, 3, 2, 4],
        "-priority": [3, 0, 1, 2, 4],
    }
    for sort, order in expected.items():
        for limit in (1, 2, 5):
            assert [made.index(one) for one in pages(api, sort, limit)] == order, (sort, limit)


@pytest.mark.parametrize("sort", ["-due", "priority"])
def test_a_page_goes_on_where_the_last_ended_though_that_task_is_done(api: Client, sort: str) -> None:
    made = inbox(api)
    whole = pages(api, sort)
    first = api("GET", f"/tasks?sort={sort}&limit=2").json()
    api("POST", f"/tasks/{first['next']}/complete", {})
    rest = api("GET", f"/tasks?sort={sort}&cursor={first['next']}").json()
    assert [one["id"] for one in rest["items"]] == whole[2:]
    assert len(whole) == len(made)


def test_other_orders_and_cursors_are_refused(api: Client) -> None:
    task = inbox(api)[0]
    for sort in ("name", "--due", "-", ""):
        assert code(api("GET", f"/tasks?sort={sort}")) == (422, "bad-sort"), sort
    assert code(api("GET", "/tasks?sort=due&cursor=nix")) == (422, "bad-cursor")
    assert code(api("GET", f"/tasks?sort=due&cursor={task}", as_="fremd")) == (422, "bad-cursor")
