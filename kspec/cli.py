"""The command line: the list of commands, which are in `kspec/commands/`.

Data goes to stdout, messages to stderr. Exit codes: 0 done; 1 mistakes in a spec, its
data or a run folder, or what the system says against a file; 2 wrong use of the command;
4 the loss is no number; 130, 143 and 129 stopped by ctrl-C, SIGTERM and SIGHUP, after a
checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

import kspec
from kspec.commands.common import hold_streams
from kspec.diagnostics.suggest import closest

# Where each command is: its module, and what it is called there.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "bisect": ("bisect", "bisect"),
    "check": ("check", "check"),
    "compare": ("runs", "compare"),
    "compile": ("compile", "compile_command"),
    "completion": ("reference", "completion"),
    "diff": ("compile", "diff"),
    "eval": ("run", "evaluate"),
    "explain": ("explain", "explain"),
    "fmt": ("check", "fmt"),
    "graph": ("compile", "graph"),
    "init": ("reference", "init"),
    "ir": ("compile", "ir"),
    "layers": ("reference", "layers"),
    "lsp": ("reference", "lsp"),
    "plan": ("plan", "plan"),
    "predict": ("run", "predict"),
    "resume": ("run", "resume"),
    "run": ("run", "run"),
    "runs": ("runs", "runs"),
    "show": ("compile", "show"),
    "tune": ("tune", "tune"),
}


class _Commands(click.Group):
    """Imports the module of a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        return getattr(import_module(f"kspec.commands.{module}"), name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = None if args[0] in COMMANDS else closest(args[0], COMMANDS)
        if near is not None:
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{near}'?")
        return super().resolve_command(ctx, args)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(kspec.__version__)
def main() -> None:
    """Compile model specs to JAX programs, and train them.

    In a folder with one spec, `kspec compile` and `kspec run` need no arguments.
    """
    hold_streams()
