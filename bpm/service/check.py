"""Question procedures: the answer of `bpm check`, of `POST /procedures` and of the pages.

What is unreadable is named beside what could be checked; a check that could not decide is listed with its reason; what
nobody recorded is a list of questions for the department, apart from the findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bpm.analyser.catalogue import choose
from bpm.analyser.check import SEVERITIES
from bpm.analyser.rivals import with_neighbours
from bpm.analyser.run import Analysis, Reported, analyse
from bpm.errors import ModelError
from bpm.exchange.logs import is_log
from bpm.model.procedure import FileError, Procedure
from bpm.service.logs import LogRead, alone, laid, open_log, told
from bpm.service.reading import procedures_at
from bpm.service.uncovered import with_shares


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """One file that was looked at; `digest` is None if it could not be read."""

    path: str
    digest: str | None
    errors: tuple[FileError, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "digest": self.digest,
            "errors": [
                {"code": error.code, "line": error.line, "element": error.element, "message": error.message}
                for error in self.errors
            ],
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks say about some procedures; `logs` what real logs beside them show."""

    files: tuple[CheckedFile, ...]
    checks_run: tuple[str, ...]
    analyses: tuple[Analysis, ...]
    logs: tuple[Mapping[str, Any], ...] = ()

    @property
    def findings(self) -> tuple[Reported, ...]:
        """All findings, procedure by procedure in the order of their paths."""
        return tuple(found for analysis in self.analyses for found in analysis.findings)

    @property
    def errors(self) -> tuple[FileError, ...]:
        """Why files could not be read."""
        return tuple(error for file in self.files for error in file.errors)

    def worst(self) -> str | None:
        """The highest severity among the findings, None if there is no finding."""
        found = {reported.severity for reported in self.findings}
        return next((severity for severity in SEVERITIES if severity in found), None)

    def as_json(self, lang: str = "de") -> dict[str, Any]:
        """JSON-able values by the contract's names, texts in `lang`."""
        logs = {"logs": [dict(log) for log in self.logs]} if self.logs else {}
        return logs | {
            "files": [file.as_json() for file in self.files],
            "checks_run": list(self.checks_run),
            "skipped": [entry.as_json(lang) for analysis in self.analyses for entry in analysis.skipped],
            "not_recorded": [
                {
                    "element": gap.element,
                    "what": gap.text(lang),
                    "field": gap.field,
                    "rule": gap.rule,
                    "path": analysis.path,
                }
                for analysis in self.analyses
                for gap in analysis.not_recorded
            ],
            "findings": [found.as_json(lang) for found in self.findings],
        }


def check(
    paths: Sequence[str | Path],
    *,
    select: tuple[str, ...] | None = None,
    ignore: tuple[str, ...] = (),
    scenario: str | Path | None = None,
    log: str | Path | None = None,
    guide: str | Path | None = None,
) -> Checked:
    """Check every procedure at the given paths. Unreadable files and missing paths are in `files`.

    `scenario` (else the one beside each model) tells how many cases a gap concerns. `log` is a log of real cases, read
    with its `guide`; it lies beside the procedure it fits. A path may itself be a log: it is looked at alone.

    Raises:
        NotFound: `select` or `ignore` names no check.
        ScenarioError: `scenario` cannot be read or means nothing.
    """
    procedures: dict[str, Procedure] = {}
    missing: list[CheckedFile] = []
    logs: list[LogRead] = []
    for path in (*paths, *(() if log is None else (log,))):
        try:
            if path is log or is_log(path):
                logs.append(open_log(path, guide))
                continue
            for procedure in procedures_at(path):
                procedures.setdefault(procedure.path, procedure)
        except ModelError as error:
            located = FileError(error.code, error.message, error.path or str(path), error.line, error.element)
            missing.append(CheckedFile(str(path), None, (located,)))
    return _check([procedures[path] for path in sorted(procedures)], missing, select, ignore, scenario, logs)


def check_procedure(
    procedure: Procedure, select: tuple[str, ...] | None = None, ignore: tuple[str, ...] = ()
) -> Checked:
    """Check one procedure that has been read, from wherever it came.

    Raises:
        NotFound: `select` or `ignore` names no check.
    """
    return _check([procedure], [], select, ignore)


def _check(
    procedures: Iterable[Procedure],
    missing: list[CheckedFile],
    select: tuple[str, ...] | None,
    ignore: tuple[str, ...],
    scenario: str | Path | None = None,
    logs: Sequence[LogRead] = (),
) -> Checked:
    codes = tuple(one.code for one in choose(select, ignore))
    files: dict[str, CheckedFile] = {file.path: file for file in missing}
    analyses: list[Analysis] = []
    procedures = list(procedures)
    for procedure in procedures:
        for file in _files(procedure):
            files.setdefault(file.path, file)
    givens = list(with_neighbours([it for it in procedures if it.process is not None or it.decisions]))
    shown = []
    for log in logs:
        files[log.path] = CheckedFile(log.path, log.reading.recorded.digest)
        givens = laid(givens, log)
        holder = next((given for given in givens if given.recorded is log.reading.recorded), None)
        if holder is None:
            holder = alone(log)
            givens.append(holder)
        shown.append(told(log, holder))
    for given in givens:
        analyses.append(with_shares(analyse(given, select, ignore), given, scenario))
    return Checked(tuple(files[path] for path in sorted(files)), codes, tuple(analyses), tuple(shown))


def _files(procedure: Procedure) -> Iterator[CheckedFile]:
    errors: dict[str, list[FileError]] = {}
    for error in procedure.errors:
        errors.setdefault(error.path, []).append(error)
    process = () if procedure.process is None else (procedure.process,)
    for model in (*process, *procedure.decisions):
        yield CheckedFile(model.path, model.digest, tuple(errors.pop(model.path, ())))
    for path, located in errors.items():
        yield CheckedFile(path, None, tuple(located))
