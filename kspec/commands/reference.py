"""Commands that need no spec: the vocabulary, a first spec, and the shell's completion."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from kspec.commands.common import JSON, reports

TEMPLATES = Path(__file__).parent.parent / "templates"


@click.command()
@click.argument("name", required=False)
@click.option("--kind", metavar="KIND", help="Only layers, losses, ...: a name in the singular.")
@JSON
@reports
def layers(name: str | None, kind: str | None, as_json: bool) -> None:
    """List what a spec can name, or describe NAME: layers, losses, metrics, optimizers, ..."""
    from kspec import reference
    from kspec.registry import names

    kinds = reference.kinds()
    if kind is not None and kind not in kinds:
        raise click.BadParameter(f"{kind!r} is none of {', '.join(kinds)}", param_hint="--kind")
    chosen = [kind] if kind else list(kinds)
    if name is not None:
        found = [cls for cls in reference.find(name) if cls.kind in chosen]
        records = [reference.record(cls) for cls in found]
        text = "\n\n".join(reference.page(cls) for cls in found)
    else:
        records = [reference.record(cls) for each in chosen for cls in names(each).values()]
        text = "\n\n".join(reference.listing(each) for each in chosen)
    click.echo(json.dumps(records, indent=2) if as_json else text)


def _templates() -> list[str]:
    return sorted(
        entry.name.removesuffix(".kspec")
        for entry in TEMPLATES.iterdir()
        if entry.name.endswith(".kspec")
    )


@click.command()
@click.argument("path", required=False, metavar="[FILE]")
@click.option("--template", default="digits", show_default=True, metavar="NAME")
@click.option("--list", "listed", is_flag=True, help="Show the templates.")
@reports
def init(path: str | None, template: str, listed: bool) -> None:
    """Write a first spec to FILE, NAME.kspec by default. An existing file is left alone."""
    from kspec.files import write_text

    known = _templates()
    if listed:
        for name in known:
            text = (TEMPLATES / f"{name}.kspec").read_text(encoding="utf-8")
            click.echo(f"{name:<12} {text.splitlines()[0].lstrip('# ')}")
        return
    if template not in known:
        raise click.BadParameter(f"there are {', '.join(known)}", param_hint="--template")
    target = Path(path or f"{template}.kspec")
    if target.exists():
        click.echo(f"{target.as_posix()} exists already; nothing was written", err=True)
        sys.exit(1)
    write_text(target, (TEMPLATES / f"{template}.kspec").read_text(encoding="utf-8"))
    click.echo(f"wrote {target.as_posix()}; to train it: kspec run {target.as_posix()}", err=True)


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@reports
def completion(shell: str) -> None:
    """Print the completion of SHELL: eval "$(kspec completion bash)"."""
    from click.shell_completion import get_completion_class

    from kspec.cli import main

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(main, {}, "kspec", "_KSPEC_COMPLETE").source())


@click.command()
@reports
def lsp() -> None:
    """Answer an editor on stdin and stdout, in the language server protocol."""
    try:
        from kspec.lsp.server import make_server
    except ImportError:
        click.echo('the language server needs pygls: pip install "kspec[lsp]"', err=True)
        sys.exit(1)
    make_server().start_io()
