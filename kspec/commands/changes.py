"""A spec that has changed since a run began: what of it the run may take over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import SpecChanged

if TYPE_CHECKING:
    from kspec.api import Program
    from kspec.tuned import Table

# What changes no weight, batch or update of the epochs that are done or to come.
SAFE: Final = re.compile(r"[\w.]+\.(epochs|(checkpoint|stop)\.\w+)")
MOST: Final = 6  # changes that are shown


def take_changes(folder: Path, *, allowed: bool, allow_extern: bool) -> None:
    """Compare the spec of a run with what the run began with; take over what is safe if allowed.

    A spec that is not there any more, or a run of a compiled folder, has nothing to compare.

    Raises:
        SpecError: It has changed in meaning, and that is not allowed or not safe.
    """
    from kspec.build import same_texts
    from kspec.compare import as_text, compare
    from kspec.runtime import origin
    from kspec.runtime.folder import read_bundle, read_run, write_bundle
    from kspec.tuned import Table

    lock = origin.read(folder)
    chosen: Mapping[str, Any] | None = lock["spec"]
    if chosen is None or not Path(chosen["path"]).is_file():
        return
    spec = Path(chosen["path"])
    if same_texts(folder, spec):
        return
    if "externs" in read_run(folder):  # whose Python files are not where its copy looks for them
        raise _refused(spec, "its text has changed, and it takes functions from Python files", True)
    tuned = Table(read_bundle(folder, folder).plan.choices)  # the run keeps those it began with
    now = _compile(spec, chosen, spec.parent, allow_extern, tuned)
    then = _compile(folder / "spec.kspec", chosen, folder / "imports", allow_extern, tuned)
    changes = compare(then.compiled.program, now.compiled.program)
    if not changes:
        return
    unsafe = [change for change in changes if not SAFE.fullmatch(change.what)]
    if unsafe or not allowed:
        # What was typed stands first, before the layers and weights that follow from it.
        shown = sorted(unsafe or changes, key=lambda change: " " in change.what)
        more = f"\nand {len(shown) - MOST} more" if len(shown) > MOST else ""
        text = as_text(shown[:MOST]) + more
        raise _refused(spec, text, bool(unsafe))
    bundle = now.bundle()
    write_bundle(bundle, folder)
    origin.rewrite_program(folder, lock)


def _refused(spec: Path, changes: str, unsafe: bool) -> SpecError:
    first = "train anew: `kspec run`" if unsafe else "`--allow-change` takes this over"
    advice = f"{first}; `--ignore-change` goes on with what it began with"
    return SpecError((SpecChanged(span=None, spec=spec.name, changes=changes, advice=advice),))


def _compile(
    spec: Path, chosen: Mapping[str, Any], imports: Path, allow_extern: bool, tuned: Table
) -> Program:
    from kspec.api import Program, Written, overrides
    from kspec.compiler import Imports, compile_source, read_source

    values = {name: Written(text) for name, text in chosen["set"].items()}
    compiled = compile_source(
        read_source(spec), overrides(values), Imports(imports), chosen["train"], tuned
    )
    return Program(compiled, imports, allow_extern)
