"""What people read exists in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bpm import texts

ROOT = Path(__file__).resolve().parents[2]
IN_TEMPLATE = re.compile(r"""_\(\s*(?:"([^"]+)"|'([^']+)')\s*\)""")


def words_of_templates(text: str) -> set[str]:
    return {double or single for double, single in IN_TEMPLATE.findall(text)}


def words_of_code(source: str) -> Iterator[str]:
    """First argument of `translate(...)` and `_(...)` where it is a literal."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"translate", "texts.translate", "_"} and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def words_of_tables() -> Iterator[str]:
    for name, value in vars(texts).items():
        if name.isupper() and isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values()):
            yield from value.values()
    yield from (name for _, name, _ in texts.KPIS)
    yield texts.UNKNOWN


def all_words() -> set[str]:
    found = set(words_of_tables())
    for path in (ROOT / "api" / "web" / "templates").glob("*.html"):
        found |= words_of_templates(path.read_text())
    for room in ("bpm/report", "bpm/service", "bpm/cli", "api"):
        for path in (ROOT / room).rglob("*.py"):
            if "node_modules" not in path.parts:
                found |= set(words_of_code(path.read_text()))
    return found


def test_every_german_text_has_an_english_one() -> None:
    assert sorted(word for word in all_words() if not texts.catalogue("en").get(word)) == []


def test_no_translation_is_left_of_a_text_that_is_gone() -> None:
    known = all_words() | {"Std.", "Tage"}
    # words of report heads are translated in loops, so they appear as literals of tuples
    code = "".join(path.read_text() for path in (ROOT / "bpm/report").glob("*.py"))
    assert sorted(word for word in texts.catalogue("en") if word not in known and f'"{word}"' not in code) == []


def test_the_search_for_words_finds_them() -> None:
    assert words_of_templates("""{{ _("Fall") }} {{ _('Akte') }}""") == {"Fall", "Akte"}
    assert list(words_of_code('x = translate("Ende", lang)')) == ["Ende"]


def test_the_readme_lists_every_reason_why_a_model_is_refused() -> None:
    from bpm.engine import REASONS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [code for code, (english, _) in REASONS.items() if f"| `{code}` | {english} |" not in readme] == []
