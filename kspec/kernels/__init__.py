"""Kernels: what XLA does not make fast by itself, copied as text into generated files.

A file has one kernel, the function of its own name, and `reference`, the same in plain
JAX, which is not copied: tests hold the one against the other. A kernel takes all that
the type rule of its op allows, and gradients of gradients; it has no forward-mode
derivative.
"""
