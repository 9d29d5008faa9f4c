"""Rates that adapt to each weight."""

from __future__ import annotations

from tests.parity.optimizers import Table

TABLE: Table = {
    "adagrad": (
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "initial_accumulator_value": 0.0},
        {"learning_rate": 0.1, "initial_accumulator_value": 0.01, "epsilon": 0.1},
    ),
    "adadelta": (
        {"learning_rate": 1.0},
        {"learning_rate": 1.0, "rho": 0.8},
        {"learning_rate": 1.0, "epsilon": 1e-4},
    ),
    "adafactor": (
        {"learning_rate": 0.1},
        {"learning_rate": 1.0},
        {"learning_rate": 0.1, "beta_2_decay": -0.5},
        {"learning_rate": 0.1, "epsilon_1": 1e-3},
        {"learning_rate": 0.1, "epsilon_2": 0.5},
        {"learning_rate": 0.1, "clip_threshold": 0.2},
        {"learning_rate": 0.9, "relative_step": False},
    ),
    "ftrl": (
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "learning_rate_power": -0.3},
        {"learning_rate": 0.1, "learning_rate_power": 0.0},
        {"learning_rate": 0.1, "initial_accumulator_value": 0.5},
        {"learning_rate": 0.1, "l1_regularization_strength": 0.3},
        {"learning_rate": 0.1, "l2_regularization_strength": 0.3},
        {"learning_rate": 0.1, "l2_shrinkage_regularization_strength": 0.3},
        {"learning_rate": 0.1, "beta": 0.5},
        {"learning_rate": 0.1, "l1_regularization_strength": 0.05, "beta": 0.5, "clipnorm": 0.1},
    ),
}
