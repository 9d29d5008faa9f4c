"""Adam and its relatives."""

from __future__ import annotations

from tests.parity.optimizers import Table

MOMENTS = (
    {"learning_rate": 0.01},
    {"beta_1": 0.7, "beta_2": 0.95},
    {"epsilon": 0.01},
    {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3, "clipvalue": 0.01},
)
TABLE: Table = {
    "adam": (*MOMENTS, {"learning_rate": 0.05, "amsgrad": True}),
    "adamw": (*MOMENTS, {"learning_rate": 0.05, "amsgrad": True, "weight_decay": 0.2}),
    "adamax": MOMENTS,
    "nadam": MOMENTS,
    "lamb": MOMENTS,
    "schedule_free_adamw": (
        *MOMENTS,
        {"beta_1": 1.0},
        {"warmup_steps": 1},
        {"warmup_steps": 7},
        {"learning_rate": 0.1, "warmup_steps": 50, "weight_decay": 0.1},
    ),
}
