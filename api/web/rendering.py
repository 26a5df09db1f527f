"""Templates of the workbench, rendered in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from bpm import texts
from bpm.settings import settings

HERE = Path(__file__).parent
PACKAGES: Mapping[str, str] = {
    "bpmn-js": "bpmn-js/dist",
    "dmn-js": "dmn-js/dist",
    "form-js": "@bpmn-io/form-js/dist",
    "htmx": "htmx.org/dist",
}
"""Folders of npm packages that are served under `/static/vendor/<name>`; nothing else of node_modules is."""


@cache
def environment() -> jinja2.Environment:
    """The template environment: everything is escaped, an unknown name is an error."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["as_json"] = as_json
    return env


def as_json(value: Any) -> Markup:
    """JSON for a data block in a page: `<`, `>` and `&` are escaped, so that no text can end the block."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def render(template: str, lang: str, **context: Any) -> str:
    """One page in `lang`. Templates see `_` (translate) and the writers of `bpm.texts` bound to the language."""

    def bound(writer: Callable[..., str]) -> Callable[..., str]:
        return lambda value, *rest: writer(value, lang, *rest)

    return (
        environment()
        .get_template(template)
        .render(
            lang=lang,
            _=lambda text: texts.translate(text, lang),
            duration=bound(texts.write_duration),
            number=bound(texts.write_number),
            share=bound(texts.write_share),
            euro=bound(texts.write_euro),
            written=bound(texts.write_value),
            moment=lambda value: texts.write_moment(value, lang, settings().timezone),
            **context,
        )
    )
