"""Gradient descent, and its steps over a running root mean square."""

from __future__ import annotations

from tests.parity.optimizers import Table

TABLE: Table = {
    "sgd": (
        {"learning_rate": 0.1},
        {"momentum": 0.9},
        {"learning_rate": 0.1, "momentum": 0.8, "nesterov": True},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "clipnorm": 0.05},
    ),
    "rmsprop": (
        {"learning_rate": 0.01, "rho": 0.8},
        {"learning_rate": 0.01, "epsilon": 0.01},
        {"learning_rate": 0.01, "momentum": 0.9},
        {"learning_rate": 0.01, "centered": True},
        {"learning_rate": 0.01, "centered": True, "momentum": 0.5, "weight_decay": 0.1},
    ),
}
