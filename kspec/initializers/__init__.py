"""Initializers: the first values of weights."""
