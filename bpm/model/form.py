"""What a form asks for: form-js JSON as fields, and what is wrong with the answers.

Camunda Forms (form-js, schema versions up to 16 and later ones of the same shape) describe a form as a list of
components. The ones that ask become `Field`s, the ones that only speak become `texts`; a component whose kind is not
known here is named in `unknown` and never dropped silently. The same rules judge an answer from a page (`read`) and
one from REST (`check`), so that a wrong value is refused at the server whatever the browser allowed.

Patterns are matched without backtracking, conditions are FEEL: nothing in a form can run code or take for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from bpm import feel
from bpm.errors import BudgetExceeded, FeelError, ModelError
from bpm.feel import regex, tree

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "required": {"de": "Bitte ausfüllen.", "en": "Please fill in."},
    "agree": {"de": "Bitte bestätigen.", "en": "Please confirm."},
    "number": {"de": "Bitte eine Zahl angeben.", "en": "Please give a number."},
    "text": {"de": "Bitte einen Text angeben.", "en": "Please give a text."},
    "truth": {"de": "Bitte ja oder nein angeben.", "en": "Please answer yes or no."},
    "date": {"de": "Bitte ein Datum angeben, zum Beispiel 2026-01-31.", "en": "Please give a date, as 2026-01-31."},
    "time": {"de": "Bitte eine Uhrzeit angeben, zum Beispiel 08:30.", "en": "Please give a time, as 08:30."},
    "datetime": {
        "de": "Bitte Tag und Uhrzeit angeben, zum Beispiel 2026-01-31T08:30.",
        "en": "Please give day and time, as 2026-01-31T08:30.",
    },
    "option": {"de": "Bitte eine der Möglichkeiten wählen.", "en": "Please choose one of the options."},
    "least": {"de": "Der Wert muss mindestens {limit} sein.", "en": "The value must be at least {limit}."},
    "most": {"de": "Der Wert darf höchstens {limit} sein.", "en": "The value must be at most {limit}."},
    "digits": {"de": "Höchstens {limit} Stellen nach dem Komma.", "en": "At most {limit} decimal places."},
    "short": {"de": "Bitte mindestens {limit} Zeichen angeben.", "en": "Please give at least {limit} characters."},
    "long": {"de": "Bitte höchstens {limit} Zeichen angeben.", "en": "Please give at most {limit} characters."},
    "pattern": {"de": "Das Format passt nicht.", "en": "The format does not fit."},
}
"""What is said at a field, by problem and language."""

_SPEAKING = frozenset(
    {"text", "html", "separator", "spacer", "image", "button", "iframe", "documentPreview", "table", "expression"}
)
_HOLDING = frozenset({"group"})
_CHOOSING = frozenset({"select", "radio", "checklist", "taglist"})
_ASKING = frozenset({"textfield", "textarea", "number", "checkbox", "datetime"}) | _CHOOSING
_SEVERAL = frozenset({"checklist", "taglist"})
_EMAIL: Final = r"^[^\s@]+@[^\s@]+\.[^\s@]+$"
_PHONE: Final = r"^\+?[0-9 ()/\-]{5,20}$"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose; `value` is what the case gets."""

    value: Any
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question. `type` is textfield, textarea, number, select, radio, checkbox, checklist, taglist, date, time or
    datetime; `key` the variable the answer goes to. `options` is None where they come from the case's data, which
    is not checked. `hidden` is a FEEL condition on the other answers under which the field is not asked."""

    key: str
    label: str
    type: str
    required: bool = False
    options: tuple[Option, ...] | None = None
    least: float | None = None
    most: float | None = None
    digits: int | None = None
    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None
    description: str = ""
    default: Any = None
    disabled: bool = False
    hidden: tree.Node | None = None

    @property
    def several(self) -> bool:
        """Whether the answer is a list."""
        return self.type in _SEVERAL


@dataclass(frozen=True, slots=True)
class Unknown:
    """A component that is not understood: its kind and id, so that somebody can be told."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its fields in order, the texts above them, and what it has beside them that we cannot show."""

    id: str
    fields: tuple[Field, ...]
    texts: tuple[str, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    @staticmethod
    def parse(schema: Mapping[str, Any], path: str) -> Form:
        """A form from form-js JSON; JSON of another kind has no fields and is named as `not form-js` in `unknown`.

        Raises ModelError with `path` and the component: `form-malformed`, `form-key`,
        `form-key-twice`, `form-option`, `form-limit`, `form-pattern`, `form-condition`."""
        reading = _Reading(path, [], [], [])
        components = schema.get("components") if isinstance(schema, Mapping) else None
        if isinstance(schema, Mapping) and "components" not in schema:
            return Form(str(schema.get("id", "")), (), (), (Unknown("not form-js", path),))
        if not isinstance(components, list):
            raise ModelError("form-malformed", "a form is an object with a list of components", path=path)
        reading.components(components, 0)
        return Form(str(schema.get("id", "")), tuple(reading.fields), tuple(reading.texts), tuple(reading.unknown))

    def read(self, given: Mapping[str, Any], lang: str = "de") -> tuple[dict[str, Any], dict[str, str]]:
        """The answers of a page's form (texts, or lists of texts) as variables, and the problems by key.

        An empty field gives no variable; an absent checkbox is a no; hidden and disabled fields are left out.
        """
        values: dict[str, Any] = {}
        for field in self.fields:
            if field.disabled:
                continue
            value = _typed(field, given.get(field.key))
            if value is not None:
                values[field.key] = value
        for field in self.fields:
            if not _asked(field, values):
                values.pop(field.key, None)
        return values, self.check(values, lang)

    def check(self, values: Mapping[str, Any], lang: str = "de") -> dict[str, str]:
        """What is wrong with these variables, by field key; empty if nothing is. Variables the form does not ask for
        are nobody's business here. Give the case's variables too where an earlier answer counts."""
        found: dict[str, str] = {}
        for field in self.fields:
            if field.disabled or not _asked(field, values):
                continue
            problem = _problem(field, values.get(field.key))
            if problem is not None:
                name, limit = problem
                found[field.key] = WORDS[name]["en" if lang == "en" else "de"].format(limit=limit)
        return found


# --- reading the schema --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    path: str
    fields: list[Field]
    texts: list[str]
    unknown: list[Unknown]

    def components(self, components: Sequence[Any], depth: int) -> None:
        """Components in order; a group is read through."""
        for index, component in enumerate(components):
            if not isinstance(component, Mapping) or not isinstance(component.get("type"), str):
                raise ModelError("form-malformed", f"component {index + 1} has no type", path=self.path)
            kind, id = component["type"], str(component.get("id", f"component {index + 1}"))
            if kind in _HOLDING and isinstance(component.get("components"), list) and not component.get("path"):
                if depth > 20:
                    raise ModelError("form-malformed", "groups inside groups too deep", path=self.path, element=id)
                self.components(component["components"], depth + 1)
            elif kind in _ASKING:
                self.field(component, kind, id)
            elif kind in _SPEAKING:
                self.texts.extend(_paragraphs(component.get("text")))
            else:
                self.unknown.append(Unknown(kind, id))

    def field(self, component: Mapping[str, Any], kind: str, id: str) -> None:
        key = component.get("key")
        if not isinstance(key, str) or not key:
            raise ModelError("form-key", f"{kind} has no key", path=self.path, element=id)
        if any(field.key == key for field in self.fields):
            raise ModelError("form-key-twice", f"two fields write {key!r}", path=self.path, element=id)
        rules = component.get("validate")
        rules = rules if isinstance(rules, Mapping) else {}
        label = component.get("label") or component.get("dateLabel") or component.get("timeLabel") or key
        subtype = component.get("subtype", "date")
        self.fields.append(
            Field(
                key=key,
                label=str(label),
                type=kind if kind != "datetime" else subtype if subtype in ("date", "time") else "datetime",
                required=rules.get("required") is True,
                options=self.options(component, id) if kind in _CHOOSING else None,
                least=self.limit(rules.get("min"), id),
                most=self.limit(rules.get("max"), id),
                digits=self.whole(component.get("decimalDigits"), id) if kind == "number" else None,
                shortest=self.whole(rules.get("minLength"), id),
                longest=self.whole(rules.get("maxLength"), id),
                pattern=self.pattern(rules, id),
                description=str(component.get("description", "") or ""),
                default=component.get("defaultValue"),
                disabled=component.get("disabled") is True or component.get("readonly") is True,
                hidden=self.condition(component.get("conditional"), id),
            )
        )

    def options(self, component: Mapping[str, Any], id: str) -> tuple[Option, ...] | None:
        values = component.get("values")
        if values is None and ("valuesKey" in component or "valuesExpression" in component):
            return None
        if not isinstance(values, list) or not all(isinstance(value, Mapping) and "value" in value for value in values):
            raise ModelError("form-option", "an option needs a value", path=self.path, element=id)
        return tuple(Option(value["value"], str(value.get("label", value["value"]))) for value in values)

    def limit(self, value: Any, id: str) -> float | None:
        if value is None or value == "":
            return None
        number = _number(value)
        if number is None:
            raise ModelError("form-limit", f"{value!r} is no number", path=self.path, element=id)
        return number

    def whole(self, value: Any, id: str) -> int | None:
        number = self.limit(value, id)
        return None if number is None else int(number)

    def pattern(self, rules: Mapping[str, Any], id: str) -> str | None:
        text = rules.get("pattern") or {"email": _EMAIL, "phone": _PHONE}.get(str(rules.get("validationType")))
        if not text:
            return None
        try:
            regex.compile_pattern(str(text))
        except regex.PatternError as error:
            raise ModelError("form-pattern", str(error), path=self.path, element=id) from None
        return str(text)

    def condition(self, conditional: Any, id: str) -> tree.Node | None:
        text = conditional.get("hide") if isinstance(conditional, Mapping) else None
        if not isinstance(text, str) or not text.strip():
            return None
        try:
            return feel.parse_expression(text.strip().removeprefix("="))
        except FeelError as error:
            raise ModelError("form-condition", error.message, path=self.path, element=id) from None


def _paragraphs(text: Any) -> Iterator[str]:
    """Paragraphs of a text component, without the marks of its headings."""
    if isinstance(text, str):
        for paragraph in text.split("\n\n"):
            plain = " ".join(line.lstrip("#").strip() for line in paragraph.splitlines()).strip()
            if plain:
                yield plain


# --- judging answers -----------------------------------------------------------------------------------------------


def _asked(field: Field, values: Mapping[str, Any]) -> bool:
    if field.hidden is None:
        return True
    scope = {key: feel.from_json(value) for key, value in values.items()}
    return feel.evaluate(field.hidden, scope) is not True


def _typed(field: Field, given: Any) -> Any:
    """A page's text as the value the field means; None for an empty one. What does not fit stays as it is."""
    if field.type == "checkbox":
        return given in ("true", "on", "True", True)
    if field.several:
        chosen = given if isinstance(given, list) else [] if given in (None, "") else [given]
        return [_chosen(field, one) for one in chosen]
    if isinstance(given, list):
        given = given[-1] if given else None
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    if field.type in ("select", "radio"):
        return _chosen(field, given)
    if field.type == "number":
        text = str(given).strip()
        number = _number(text.replace(",", ".") if "," in text and "." not in text else text)
        return given if number is None else int(number) if number == int(number) else number
    return given.strip() if isinstance(given, str) and field.type != "textarea" else given


def _chosen(field: Field, given: Any) -> Any:
    """The option a page means: its values are texts, those of the form need not be."""
    for option in field.options or ():
        if option.value == given or str(option.value).lower() == str(given).lower():
            return option.value
    return given


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < 1e15 else None


def _problem(field: Field, value: Any) -> tuple[str, Any] | None:
    """The name of what is wrong, and the limit that was passed."""
    if value is None or value == "" or value == []:
        return ("agree" if field.type == "checkbox" else "required", None) if field.required else None
    if field.type == "checkbox":
        if not isinstance(value, bool):
            return "truth", None
        return ("agree", None) if field.required and not value else None
    if field.type == "number":
        return _number_problem(field, value)
    if field.several:
        fits = isinstance(value, list) and all(_offered(field, one) for one in value)
        return None if fits else ("option", None)
    if field.type in ("select", "radio"):
        return None if _offered(field, value) else ("option", None)
    if not isinstance(value, str):
        return ("text" if field.type in ("textfield", "textarea") else field.type), None
    if field.type in ("date", "time", "datetime"):
        return None if _is_moment(field.type, value) else (field.type, None)
    return _text_problem(field, value)


def _offered(field: Field, value: Any) -> bool:
    if field.options is None:
        return not isinstance(value, (dict, list))
    return any(
        option.value == value and isinstance(option.value, bool) == isinstance(value, bool) for option in field.options
    )


def _number_problem(field: Field, value: Any) -> tuple[str, Any] | None:
    number = None if isinstance(value, str) else _number(value)
    if number is None or number != number:
        return "number", None
    if field.least is not None and number < field.least:
        return "least", _plain(field.least)
    if field.most is not None and number > field.most:
        return "most", _plain(field.most)
    if field.digits is not None and abs(round(number, field.digits) - number) > 1e-9:
        return "digits", field.digits
    return None


def _text_problem(field: Field, value: str) -> tuple[str, Any] | None:
    if field.shortest is not None and len(value) < field.shortest:
        return "short", field.shortest
    if field.longest is not None and len(value) > field.longest:
        return "long", field.longest
    if field.pattern is not None:
        if len(value) > 10_000:
            return "long", 10_000
        try:
            found = regex.search(regex.compile_pattern(field.pattern), value, 0, feel.Budget())
        except BudgetExceeded:
            found = None
        return None if found is not None else ("pattern", None)
    return None


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _is_moment(kind: str, text: str) -> bool:
    try:
        if kind == "date":
            date.fromisoformat(text)
        elif kind == "time":
            time.fromisoformat(text)
        else:
            datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
