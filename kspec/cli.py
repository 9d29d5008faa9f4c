"""The command line: the list of commands, which are in `kspec/commands/`.

Data goes to stdout, messages to stderr. Exit codes: 0 done; 1 mistakes in a spec, its
data or a run folder, or what the system says against a file; 2 wrong use of the command;
4 the loss is no number; 130, 143 and 129 stopped by ctrl-C, SIGTERM and SIGHUP, after a
checkpoint.
"""

from __future__ import annotations

import click

import kspec
from kspec.commands import bisect, check, compile, explain, plan, reference, run, runs, tune
from kspec.commands.common import collect_rarely, hold_streams


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(kspec.__version__)
def main() -> None:
    """Compile model specs to JAX programs, and train them.

    In a folder with one spec, `kspec compile` and `kspec run` need no arguments.
    """
    hold_streams()
    collect_rarely()


for command in (
    run.run,
    compile.compile_command,
    check.check,
    check.fmt,
    explain.explain,
    plan.plan,
    reference.layers,
    reference.init,
    reference.completion,
    reference.lsp,
    compile.ir,
    compile.show,
    compile.graph,
    compile.diff,
    bisect.bisect,
    tune.tune,
    run.resume,
    run.evaluate,
    run.predict,
    runs.runs,
    runs.compare,
):
    main.add_command(command)
