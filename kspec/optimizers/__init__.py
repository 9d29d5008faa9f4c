"""Optimizers: Keras' rules as Optax transformations."""
