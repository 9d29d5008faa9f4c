"""Each loss beside Keras' class, a family a file, as `kspec/losses/` has them."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from tests.parity.harness import floats, keras, probabilities

L = keras.losses
ROWS, STEPS, CLASSES = 6, 4, 5
LABELS = np.array([0, 4, 2, 2, 1, 3], np.int32)
STEP_LABELS = np.random.default_rng(2).integers(0, CLASSES, (ROWS, STEPS), np.int32)
ONE_HOT = np.eye(CLASSES, dtype=np.float32)[LABELS]
BITS = (floats(ROWS, CLASSES, seed=4) > 0).astype(np.float32)
STEP_BITS = (floats(ROWS, STEPS, CLASSES, seed=4) > 0).astype(np.float32)
COUNTS = np.random.default_rng(5).integers(0, 9, (ROWS, CLASSES), np.int32)
NUMBERS = floats(ROWS, CLASSES, seed=5)
STEP_NUMBERS = floats(ROWS, STEPS, CLASSES, seed=5)
SHARES = probabilities(ROWS, CLASSES)
STEP_SHARES = probabilities(ROWS, STEPS, CLASSES)
VECTOR, STEP_VECTORS = (CLASSES,), (STEPS, CLASSES)


class Case(NamedTuple):
    """A loss in both languages, its truth, and what its predictions come from."""

    loss: Any
    args: dict[str, Any]
    truth: np.ndarray
    behind: str = "linear"  # the activation whose values it takes; "linear" for any numbers
    shape: tuple[int, ...] = VECTOR  # of the prediction for an example

    @property
    def field(self) -> str:
        """The truth's type in a data block."""
        kind = {"int32": "i32", "uint8": "u8", "float32": "f32"}[self.truth.dtype.name]
        return f"{kind}{list(self.truth.shape[1:])}"


Cases: TypeAlias = dict[str, list[Case]]


def numeric(loss: Any, behind: str = "linear") -> list[Case]:
    """What every loss of an average over the last axis is tried with."""
    return [
        Case(loss, {}, NUMBERS, behind),
        Case(loss, {}, COUNTS, behind),
        Case(loss, {}, STEP_NUMBERS, "softplus", STEP_VECTORS),
    ]


def of_other_ranks(loss: Any, behind: str = "linear") -> list[Case]:
    """What Keras does where one side lacks an axis of size 1, or has one of size 1."""
    return [
        Case(loss, {}, NUMBERS[:, 0], behind, (1,)),
        Case(loss, {}, NUMBERS[:, :1], behind, ()),
        Case(loss, {}, NUMBERS[:, 0], behind, ()),
        Case(loss, {}, STEP_NUMBERS[..., :1], behind, (STEPS,)),
        Case(loss, {}, NUMBERS[:, :1], behind),
    ]
