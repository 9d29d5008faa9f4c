"""`python -m kspec` is `kspec`."""

from kspec.cli import main

main(prog_name="kspec")
