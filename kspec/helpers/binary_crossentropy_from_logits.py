"""Crossentropy of yes-or-no logits."""

import jax


def binary_crossentropy_from_logits(truth, logits):
    """`-truth log(s) - (1 - truth) log(1 - s)` with `s = sigmoid(logits)`."""
    yes = jax.nn.log_sigmoid(logits)
    no = jax.nn.log_sigmoid(-logits)
    return -truth * yes - (1 - truth) * no
