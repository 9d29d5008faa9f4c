"""`kspec explain`: what a mistake means, and what the compiler made of a spec."""

from __future__ import annotations

import json
import re

import click

from kspec.commands.common import JSON, SETS, TRAIN, compile_spec, find_spec, reports
from kspec.diagnostics import SpecError


@click.command()
@click.argument("what", required=False, metavar="[CODE | SPEC]")
@SETS
@TRAIN
@JSON
@reports
def explain(what: str | None, sets: dict[str, str], train: str | None, as_json: bool) -> None:
    """Explain a mistake by its CODE, such as E301, or what each pass made of SPEC, and why."""
    if what is not None and re.fullmatch(r"[A-Za-z]\d+", what):
        _explain_code(what.upper(), as_json)
        return
    from kspec.explain import as_lines, as_records, steps

    found = steps(compile_spec(find_spec(what, "explain"), sets, train).compiled.stages)
    click.echo(json.dumps(as_records(found), indent=2) if as_json else "\n".join(as_lines(found)))


def _explain_code(code: str, as_json: bool) -> None:
    from kspec.diagnostics.catalog import by_code, explanation, pattern
    from kspec.diagnostics.errors import UnknownName

    codes = by_code()
    if code not in codes:
        raise SpecError((UnknownName.of(None, "mistake", code, codes),))
    cls = codes[code]
    text = explanation(cls)
    if as_json:
        click.echo(json.dumps({"code": cls.code, "title": pattern(cls), "text": text}))
    else:
        click.echo(f"{cls.code}: {pattern(cls)}\n\n{text}")
