"""JAX functions that generated files carry a copy of.

Each module is one helper: the function of the same name and what only it needs. The
compiler reads these files as text and never imports them; tests import and check them.
"""
