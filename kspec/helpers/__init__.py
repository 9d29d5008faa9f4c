"""JAX functions that generated files carry a copy of.

Each module is one helper: the function of the same name and what only it needs; what
several need is a helper that they import. The compiler reads these files as text and
never imports them; tests import and check them.
"""
