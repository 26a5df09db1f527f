"""Principles: what steps and rules of all procedures rest on."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api import schemas
from api.deps import Serving, SignedIn, reply
from api.routes import PROBLEMS
from bpm.service import principles

router = APIRouter(prefix="/principles", tags=["principles"], responses=PROBLEMS)


@router.get("", response_model=schemas.Anything)
def list_all(services: Serving, actor: SignedIn, name: str | None = None) -> Response:
    """Every principle (or the one called `name`) with the steps and rules that rest on it, and what they take a year:
    city, business and citizens apart, null where no scenario with cases per year is known."""
    return reply(principles.list_all(services, actor, name=name))
