"""Steps that keep the direction of the gradient and not its size."""

from __future__ import annotations

from tests.parity.optimizers import Table

TABLE: Table = {
    "lion": (
        {"learning_rate": 0.01},
        {"beta_1": 0.5},
        {"beta_1": 1.0, "beta_2": 0.8},
    ),
    "muon": (
        {"learning_rate": 0.01},
        {"adam_beta_1": 0.7, "adam_beta_2": 0.95, "epsilon": 0.01},
        {"learning_rate": 0.01, "adam_weight_decay": 0.3, "adam_lr_ratio": 0.5},
        {"learning_rate": 0.01, "weight_decay": None, "adam_weight_decay": None},
        {"learning_rate": 0.01, "exclude_layers": ["wide"]},
        {"learning_rate": 0.01, "exclude_layers": ["**"]},
        {"learning_rate": 0.01, "exclude_embeddings": False},
        {"learning_rate": 0.01, "muon_a": 3.0, "muon_b": -3.5, "muon_c": 1.5},
        {"learning_rate": 0.01, "momentum": 0.5},
        {"learning_rate": 0.01, "ns_steps": 2},
        {"learning_rate": 0.01, "nesterov": False},
        {"learning_rate": 0.01, "rms_rate": None},
        {"learning_rate": 0.01, "rms_rate": 0.7, "global_clipnorm": 0.1},
    ),
}
