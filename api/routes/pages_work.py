"""The workbench for acting: sign in, begin a case, work on tasks, simulate, draw up a report.

Every form carries the session's CSRF token, and those that change a case an idempotency key made when the form was
shown, so that a double click is one command. A refused form comes back filled in, with the reason at the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api import deps
from api.problems import Unauthenticated
from api.routes.pages import WORDS
from api.routes.reports import file
from api.web.visit import Visit, Visiting
from bpm import texts
from bpm.errors import Conflict, InvalidRequest
from bpm.service import cases, comments, moving, people, procedures, reports, simulations, tasks, workbench
from bpm.service.access import require
from bpm.service.overview import heat
from bpm.service.workbench import Page

router = APIRouter(include_in_schema=False)
HISTORY: Mapping[str, str] = texts.HISTORY


# --- signing in ----------------------------------------------------------------------------------------------


SIGNING_IN = "signing-in"
SIGNING_IN_LIFE = timedelta(minutes=10)


def login_page(visit: Visit, next: str, failed: bool = False) -> Response:
    issued = deps.issuer(visit.request) is not None
    return visit.show("login.html", next=next, failed=failed, issued=issued, status=401 if failed else 200)


@router.get("/anmelden")
def show_login(visit: Visiting, next: str = "/") -> Response:
    return login_page(visit, next)


@router.post("/anmelden/weiter")
async def go_to_issuer(visit: Visiting) -> Response:
    """Send the browser to the issuer, and remember in a signed cookie what must fit when it comes back."""
    form = await visit.form()
    issuer = deps.issuer(visit.request)
    if issuer is None:
        return login_page(visit, "/")
    place, kept = await deps.in_thread(issuer.begin, came_back(visit.request))
    response = RedirectResponse(place, status_code=303)
    sealed = deps.seal(visit.request, {**kept, "next": str(form.get("next") or "/")}, SIGNING_IN_LIFE)
    life, secure = int(SIGNING_IN_LIFE.total_seconds()), visit.request.url.scheme == "https"
    response.set_cookie(SIGNING_IN, sealed, max_age=life, httponly=True, samesite="lax", secure=secure)
    return response


@router.get("/anmelden/zurueck")
async def back_from_issuer(visit: Visiting, code: str = "", state: str = "") -> Response:
    issuer = deps.issuer(visit.request)
    kept = deps.unseal(visit.request, visit.request.cookies.get(SIGNING_IN, ""))
    if issuer is None or not isinstance(kept, dict) or not code or not deps.same_token(state, kept["state"]):
        return login_page(visit, "/", failed=True)
    now = visit.services.database.clock.now().timestamp()
    try:
        actor = await deps.in_thread(issuer.finish, code, came_back(visit.request), kept, now)
    except Unauthenticated:
        return login_page(visit, kept["next"], failed=True)
    await deps.in_thread(people.remember, visit.services, actor)
    response = visit.go(kept["next"])
    response.delete_cookie(SIGNING_IN)
    deps.sign_in(response, visit.request, actor)
    return response


def came_back(request: Request) -> str:
    return str(request.url_for("back_from_issuer"))


@router.post("/anmelden")
async def login(visit: Visiting) -> Response:
    form = await visit.form()
    actor = deps.check_password(visit.request, str(form.get("name", "")), str(form.get("password", "")))
    if actor is None:
        return login_page(visit, str(form.get("next", "/")), failed=True)
    response = visit.go(str(form.get("next") or "/"))
    deps.sign_in(response, visit.request, actor)
    return response


@router.post("/abmelden")
async def logout(visit: Visiting) -> Response:
    await visit.form()
    response = visit.go("/")
    deps.sign_out(response)
    return response


# --- procedures and cases ------------------------------------------------------------------------------------


@router.post("/verfahren")
async def deploy(visit: Visiting, request: Request) -> Response:
    await visit.form()
    uploads = (await request.form()).getlist("files")
    files = {one.filename: await one.read() for one in uploads if not isinstance(one, str) and one.filename}
    answer = await deps.in_thread(procedures.deploy, visit.services, visit.actor, files)
    return visit.go(f"/verfahren/{answer.body['key']}")


@router.get("/verfahren/{key}/beginnen")
def show_begin(visit: Visiting, key: str) -> Response:
    require(visit.actor, "cases.start")
    return begin_page(visit, key, {}, {})


def begin_page(
    visit: Visit, key: str, values: Mapping[str, Any], problems: Mapping[str, str], notice: str = ""
) -> Response:
    page = workbench.page(visit.services, visit.actor, key)
    form = workbench.form_of_start(page.procedure)
    return visit.show(
        "begin.html",
        here="procedures",
        status=422 if problems or notice else 200,
        key=key,
        name=page.name,
        request_key=deps.new_key(),
        fields=form.fields if form else (),
        texts=form.texts if form else (),
        values=values,
        problems=problems,
        notice=notice,
    )


@router.post("/verfahren/{key}/beginnen")
async def begin(visit: Visiting, key: str) -> Response:
    return await deps.in_thread(_begin, visit, key, await visit.form())


def _begin(visit: Visit, key: str, given: dict[str, Any]) -> Response:
    once, business_key = given.pop("key", None), str(given.pop("business_key", "")).strip() or None
    form = workbench.form_of_start(workbench.page(visit.services, visit.actor, key).procedure)
    variables, problems = form.read(given, visit.lang) if form else ({}, {})
    if problems:
        return begin_page(visit, key, given, problems)
    answer = cases.start(visit.services, visit.actor, key, variables, business_key=business_key, key=once)
    return visit.go(f"/faelle/{answer.body['id']}")


@router.get("/faelle")
def list_cases(visit: Visiting) -> Response:
    found = cases.list_some(visit.services, visit.actor)["items"]
    names = workbench.names_of(visit.services, visit.actor)
    rows = [{**one, "procedure_name": names.get(one["procedure"], one["procedure"])} for one in found]
    return visit.show("cases.html", here="cases", cases=list(reversed(rows)), **WORDS)


@router.get("/faelle/{id}")
def show_case(visit: Visiting, id: str) -> Response:
    case = cases.get(visit.services, visit.actor, id)
    page = workbench.page(visit.services, visit.actor, case["procedure"], case["procedure_version"])
    history = cases.history(visit.services, visit.actor, id)["items"] if visit.actor.may("cases.history") else []
    remarks = comments.of_case(visit.services, visit.actor, id)["items"] if visit.actor.may("cases.history") else []
    standing = sorted(case["tokens"].items())
    names = page.names(visit.lang)
    return visit.show(
        "case.html",
        here="cases",
        case={**case, "version": case["procedure_version"]},
        procedure_name=page.name,
        names=names,
        standing=standing,
        tokens=[{"element": id, "count": count, "title": names.get(id, id)} for id, count in standing],
        tasks=case["tasks"],
        may_move=visit.actor.may("cases.migrate") and moving.has_newer(visit.services, visit.actor, case),
        comments=remarks,
        history=[{**event, "said": said(event["detail"] or {}, visit.lang)} for event in history],
        history_words=HISTORY,
        **WORDS,
    )


def said(detail: Mapping[str, Any], lang: str) -> str:
    """The details of one line of the history, for people: what was answered first, ids left out."""
    answers = detail.get("variables") or {}
    parts = [f"{name}: {texts.write_value(value, lang)}" for name, value in sorted(answers.items())]
    for name, word in texts.DETAIL.items():
        if detail.get(name) not in (None, "", [], {}):
            parts.append(f"{texts.translate(word, lang)}: {texts.write_value(detail[name], lang)}")
    return "; ".join(parts)


# --- the inbox -----------------------------------------------------------------------------------------------


@router.get("/aufgaben")
def inbox(visit: Visiting) -> Response:
    if not visit.signed_in:
        return visit.go("/anmelden?next=/aufgaben")
    found = tasks.list_open(visit.services, visit.actor)["items"]
    names = workbench.names_of(visit.services, visit.actor)
    keys = {
        one["instance"]: cases.get(visit.services, visit.actor, one["instance"])["business_key"]
        for one in found
        if visit.actor.may("cases.read")
    }
    rows = [
        {
            **one,
            "procedure_name": names.get(one["procedure"], one["procedure"]),
            "business_key": keys.get(one["instance"]),
        }
        for one in found
    ]
    mine = [row for row in rows if row["assignee"] == visit.actor.name]
    return visit.show("tasks.html", here="tasks", mine=mine, open=[row for row in rows if row["assignee"] is None])


@router.get("/aufgaben/{id}")
def show_task(visit: Visiting, id: str) -> Response:
    return task_page(visit, id)


def task_page(
    visit: Visit,
    id: str,
    values: Mapping[str, Any] | None = None,
    problems: Mapping[str, str] | None = None,
    notice: str = "",
) -> Response:
    task, case, page, form = _task(visit, id)
    return visit.show(
        "task.html",
        here="tasks",
        status=409 if notice else 422 if problems else 200,
        task={**task, "procedure_name": page.name, "business_key": case["business_key"]},
        documentation=workbench.documentation_of(page.procedure, task["element"]),
        fields=form.fields if form else (),
        texts=form.texts if form else (),
        values={**task["variables"], **(task["draft"] or {}), **(values or {})},
        problems=problems or {},
        variables=task["variables"],
        notice=notice,
        key=deps.new_key(),
        comments=comments.of_task(visit.services, visit.actor, id)["items"],
        may_comment=visit.actor.may("tasks.comment") and case["ended_at"] is None,
        comment_key=deps.new_key(),
    )


def _task(visit: Visit, id: str) -> tuple[dict[str, Any], dict[str, Any], Page, workbench.Form | None]:
    """A task with its case, the page of the version the case runs on, and the task's form."""
    task = tasks.get(visit.services, visit.actor, id)
    case = cases.get(visit.services, visit.actor, task["instance"])
    page = workbench.page(visit.services, visit.actor, case["procedure"], case["procedure_version"])
    return task, case, page, workbench.form_of_task(page.procedure, task["form"])


@router.post("/aufgaben/{id}/uebernehmen")
async def claim(visit: Visiting, id: str) -> Response:
    await visit.form()
    return await deps.in_thread(_try, visit, id, tasks.claim)


@router.post("/aufgaben/{id}/zuruecklegen")
async def unclaim(visit: Visiting, id: str) -> Response:
    await visit.form()
    return await deps.in_thread(_try, visit, id, tasks.unclaim)


def _try(visit: Visit, id: str, act: Any) -> Response:
    try:
        act(visit.services, visit.actor, id)
    except Conflict as error:
        return task_page(visit, id, notice=error.message)
    return visit.go(f"/aufgaben/{id}")


@router.post("/aufgaben/{id}/erledigen")
async def complete(visit: Visiting, id: str) -> Response:
    return await deps.in_thread(_complete, visit, id, await visit.form())


def _complete(visit: Visit, id: str, given: dict[str, Any]) -> Response:
    once = given.pop("key", None)
    _, _, _, form = _task(visit, id)
    variables, problems = form.read(given, visit.lang) if form else ({}, {})
    if problems:
        return task_page(visit, id, given, problems)
    try:
        answer = tasks.complete(visit.services, visit.actor, id, variables, key=once)
    except Conflict as error:
        return task_page(visit, id, given, notice=error.message)
    return visit.go(f"/faelle/{answer.body['id']}")


@router.post("/aufgaben/{id}/entwurf")
async def save_draft(visit: Visiting, id: str) -> Response:
    return await deps.in_thread(_save_draft, visit, id, await visit.form())


def _save_draft(visit: Visit, id: str, given: dict[str, Any]) -> Response:
    # the form's key belongs to its completion
    given.pop("key", None)
    _, _, _, form = _task(visit, id)
    answers, problems = form.read(given, visit.lang) if form else ({}, {})
    # what is still wrong is kept as it was typed
    typed = {name: given[name] for name in problems if given.get(name)}
    try:
        tasks.save_draft(visit.services, visit.actor, id, {**answers, **typed})
    except Conflict as error:
        return task_page(visit, id, given, notice=error.message)
    return visit.go(f"/aufgaben/{id}")


@router.post("/aufgaben/{id}/anmerkungen")
async def comment(visit: Visiting, id: str) -> Response:
    given = await visit.form()
    # browsers send line ends of their own
    text = str(given.get("text", "")).replace("\r\n", "\n").strip()
    once = str(given.get("key") or "") or None
    if text:
        await deps.in_thread(comments.add, visit.services, visit.actor, id, text, key=once)
    return visit.go(f"/aufgaben/{id}#anmerkungen")


# --- simulation and report -----------------------------------------------------------------------------------


@router.get("/verfahren/{key}/simulation")
def show_simulation(visit: Visiting, key: str) -> Response:
    page = workbench.page(visit.services, visit.actor, key)
    may_read = visit.actor.may("simulations.read")
    return visit.show(
        "simulation.html",
        here="procedures",
        key=key,
        name=page.name,
        may_run=visit.actor.may("simulations.run"),
        runs=simulations.list_some(visit.services, visit.actor, key)["items"] if may_read else [],
        values={"cases": 1000, "replications": 30, "seed": 1},
        **WORDS,
    )


@router.post("/verfahren/{key}/simulation")
async def simulate(visit: Visiting, key: str) -> Response:
    given = await visit.form()
    try:
        cases_, replications, seed = (int(given[name]) for name in ("cases", "replications", "seed"))
    except (KeyError, ValueError):
        raise InvalidRequest("bad-number", "cases, replications and seed are whole numbers") from None
    answer = await deps.in_thread(
        simulations.request, visit.services, visit.actor, key, cases=cases_, replications=replications, seed=seed
    )
    return visit.go(f"/simulationen/{answer.body['id']}")


@router.get("/simulationen/{id}")
def show_run(visit: Visiting, id: str) -> Response:
    run = simulations.get(visit.services, visit.actor, id)
    page = workbench.page(visit.services, visit.actor, run["procedure"], run["version"])
    result = run["result"]
    order = [step.element for step in page.overview.steps]
    return visit.show(
        "run.html",
        here="procedures",
        key=page.key,
        name=page.name,
        version=page.version,
        names=page.names(visit.lang),
        run=run,
        result=result,
        kpi_rows=texts.KPIS,
        heat=[{"element": id, "level": level} for id, level in heat(result["nodes"])] if result else [],
        people=workbench.resource_names(page.procedure),
        nodes=[(id, result["nodes"][id]) for id in order if id in result["nodes"]] if result else [],
        outcomes=sorted(result["outcomes"].items()) if result else [],
        **WORDS,
    )


@router.get("/simulationen/{id}/fortschritt")
def progress(visit: Visiting, id: str) -> Response:
    run = simulations.get(visit.services, visit.actor, id)
    response = visit.show("progress.html", run=run)
    if run["state"] not in ("queued", "running"):
        response.headers["HX-Refresh"] = "true"
    return response


@router.post("/verfahren/{key}/bericht")
async def make_report(visit: Visiting, key: str) -> Response:
    await visit.form()
    await deps.in_thread(reports.make, visit.services, visit.actor, key, lang=visit.lang)
    return visit.go(f"/verfahren/{key}/bericht")


@router.get("/berichte/{id}.{format}")
def download(visit: Visiting, id: str, format: str) -> Response:
    return file(reports.get(visit.services, visit.actor, id, format), id, format)
