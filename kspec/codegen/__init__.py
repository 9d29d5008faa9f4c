"""From the IR to a Python file that people read and JAX runs."""
