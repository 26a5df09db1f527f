"""One request of a person: who they are, in which language, and the frame around what they see."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api import deps
from api.web.rendering import render
from bpm.errors import Forbidden
from bpm.service.access import Actor
from bpm.service.context import Services
from bpm.service.workbench import PUBLIC
from bpm.settings import settings
from bpm.texts import LANGUAGES

LANG_COOKIE = "lang"


class Visit:
    """What a page needs of its request."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.services: Services = deps.services(request)
        self.session = deps.session(request)
        self.actor: Actor = deps.session_actor(request) or PUBLIC
        wanted = request.query_params.get("lang") or request.cookies.get(LANG_COOKIE) or settings().lang
        self.lang = wanted if wanted in LANGUAGES else "de"

    @property
    def signed_in(self) -> bool:
        return self.actor is not PUBLIC

    def show(self, template: str, here: str = "", status: int = 200, **context: Any) -> HTMLResponse:
        """A whole page (or a part of one) in the visitor's language; remembers a language that was asked for."""
        path = self.request.url.path
        page = render(
            template,
            self.lang,
            here=here,
            path=path,
            user=self.actor.name or None,
            csrf=self.session.csrf,
            **context,
        )
        response = HTMLResponse(page, status_code=status)
        deps.keep_session(response, self.session)
        if self.request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(LANG_COOKIE, self.lang, max_age=31_536_000, samesite="lax", httponly=True)
        return response

    def go(self, path: str) -> Response:
        """Answer a form that was carried out: look at `path` (of this server) next."""
        local = path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
        return RedirectResponse(local, status_code=303)

    async def form(self) -> dict[str, Any]:
        """The submitted form; several values of one name come as a list. Raises Forbidden without the token."""
        data = await self.request.form()
        values: dict[str, Any] = {}
        for name in data:
            every = data.getlist(name)
            values[name] = every if len(every) > 1 else every[0]
        if not deps.same_token(str(values.pop("csrf", "")), self.session.csrf):
            raise Forbidden("csrf", "the form is too old or came from elsewhere; load the page again")
        return values


Visiting = Annotated[Visit, Depends(Visit)]
