"""The process: `python -m kspec` is `kspec`."""

from __future__ import annotations

from kspec.garbage import collect_rarely


def main() -> None:
    """Run the command line."""
    collect_rarely()  # before it is imported
    from kspec.cli import main as command_line

    command_line(prog_name="kspec")


if __name__ == "__main__":
    main()
