"""kspec from Python: the same thing without files.

program = kspec.compile("digits.kspec")
run = program.fit(epochs=5)
run.predict({"image": images})["digit"]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kspec.compiler import Compiled, Imports, compile_source
from kspec.diagnostics import Source, SpecError
from kspec.diagnostics.errors import AmbiguousTraining, ExternNotAllowed, UnknownPass
from kspec.ir import show
from kspec.sources import read_source
from kspec.syntax import parse_expression, print_spec
from kspec.syntax.tree import Expr
from kspec.tuned import read_table

if TYPE_CHECKING:
    from kspec.runtime.bundle import Bundle
    from kspec.runtime.run import Columns, Run


class Program:
    """A compiled spec.

    Args:
        compiled: What the compiler made.
        folder: Where the paths of its data start.
        allow_extern: Whether functions of Python files may run.
    """

    def __init__(self, compiled: Compiled, folder: Path, allow_extern: bool = False) -> None:
        self.compiled = compiled
        self.folder = folder
        self.allow_extern = allow_extern

    @property
    def source(self) -> str:
        """The generated Python: the very text that runs."""
        return self.compiled.python

    def ir(self, stage: str = "last") -> str:
        """The IR as text.

        Args:
            stage: `after:NAME` for a pass's name or `elaborate`; `last` for the end.

        Raises:
            SpecError: There is no such pass.
        """
        if stage == "last":
            return show(self.compiled.module)
        name = stage.removeprefix("after:")
        if name not in self.compiled.stages:
            passes = ", ".join(self.compiled.stages)
            raise SpecError((UnknownPass(span=None, name=name, passes=passes),))
        return show(self.compiled.stages[name].module)

    def bundle(self) -> Bundle:
        """The program as the runtime takes it, with the files of a compiled folder."""
        from kspec.explain import as_json, steps
        from kspec.graph import draw, graph_of
        from kspec.planning import make_plan, scripts_of
        from kspec.runtime.bundle import Bundle

        program = self.compiled.program
        return Bundle(
            python=self.compiled.python,
            plan=make_plan(self.compiled),
            folder=self.folder,
            allow_extern=self.allow_extern,
            files={
                "spec.kspec": self.compiled.source.text,
                "resolved.kspec": print_spec(self.compiled.program.spec),
                "model.ir": self.ir("after:elaborate"),
                "model.opt.ir": self.ir(),
                **{f"imports/{path}": file.text for path, file in self.compiled.imports},
                **scripts_of(self.compiled),
                "model.svg": draw(graph_of(program.module, program.parts)),
                "passes.json": as_json(steps(self.compiled.stages)),
            },
        )

    def init(self, seed: int | None = None) -> Run:
        """A run with its first weights, untrained. The spec's seed by default.

        Raises:
            SpecError: A file that weights are loaded from is missing or does not fit.
        """
        from kspec.runtime import libraries

        libraries.begin(self.source)  # before JAX is imported
        from kspec.runtime.run import Run

        run = Run(self.bundle(), seed)
        run.load_files()
        return run

    def fit(
        self,
        data: Mapping[str, Columns] | None = None,
        *,
        epochs: int | None = None,
        quiet: bool = False,
        callbacks: Sequence[Any] = (),
    ) -> Run:
        """Train from the first weights.

        Args:
            data: Arrays by split and field, `{"train": {"image": ..., "label": ...}}`, in
                place of the spec's data.
            epochs: Instead of the spec's number.
            quiet: Whether to show nothing.
            callbacks: What is called as it trains: see `Run.fit`.

        Raises:
            SpecError: The spec cannot train, or the data does not fit.
        """
        return self.init().fit(data, epochs=epochs, quiet=quiet, callbacks=callbacks)


def compile(
    path: str | Path,
    *,
    set: Mapping[str, object] | None = None,
    train: str | None = None,
    allow_extern: bool = False,
) -> Program:
    """Compile a spec file.

    Args:
        path: The file.
        set: Values for params by name, and for settings as `train.epochs`.
        train: The name of the train block, where there are several.
        allow_extern: Whether the functions that it takes from Python files may run.

    Raises:
        SpecError: With every mistake in it; `error.render()` shows them.
    """
    path = Path(path)
    given = overrides(set or {})
    compiled = compile_source(read_source(path), given, Imports(path.parent), train, read_table())
    allowed(compiled, allow_extern)
    return Program(one_training(compiled, train), path.parent, allow_extern)


def one_training(compiled: Compiled, train: str | None) -> Compiled:
    """Raises SpecError where there are several train blocks and none was named."""
    if train is None and len(compiled.program.trains) > 1:
        raise SpecError((AmbiguousTraining.of(compiled.program.trains),))
    return compiled


def compile_text(
    text: str,
    *,
    set: Mapping[str, object] | None = None,
    folder: str | Path = ".",
    train: str | None = None,
    allow_extern: bool = False,
) -> Program:
    """Compile a text; the paths of its data start at `folder`. Raises SpecError."""
    place = Path(folder)
    source = Source("<text>", text)
    compiled = compile_source(source, overrides(set or {}), Imports(place), train, read_table())
    allowed(compiled, allow_extern)
    return Program(one_training(compiled, train), place, allow_extern)


def allowed(compiled: Compiled, allow_extern: bool) -> None:
    """Raises SpecError where a spec takes functions from Python files, and may not."""
    files = {extern.script.path: extern for extern in reversed(compiled.program.externs)}
    if files and not allow_extern:
        raise SpecError(
            tuple(
                ExternNotAllowed(span=each.declared, path=path, name=each.name)
                for path, each in reversed(files.items())
            )
        )


def load(folder: str | Path, *, allow_extern: bool = False) -> Run:
    """The run of a run folder, at its newest checkpoint. Raises SpecError.

    Args:
        folder: The run folder.
        allow_extern: Whether the functions that it has from Python files may run.
    """
    from kspec.runtime.folder import open_run

    return open_run(Path(folder), allow_extern=allow_extern)


def overrides(values: Mapping[str, object]) -> dict[str, Expr]:
    """Python values as expressions of the language; strings that `--set` got are parsed."""
    return {name: _expression(name, value) for name, value in values.items()}


def _expression(name: str, value: object) -> Expr:
    text = value.text if isinstance(value, Written) else _spell(value)
    return parse_expression(Source(f"--set {name}", text))


class Written:
    """A value as the user typed it: `--set train.optimizer='adam(1e-3)'`."""

    def __init__(self, text: str) -> None:
        self.text = text


def _spell(value: Any) -> str:
    """A Python value as a spec would write it."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, (tuple, list)):
        items = [_spell(item) for item in cast("list[Any]", value)]
        return f"({', '.join(items)},)" if isinstance(value, tuple) else f"[{', '.join(items)}]"
    raise TypeError(f"a spec cannot write {value!r}")
