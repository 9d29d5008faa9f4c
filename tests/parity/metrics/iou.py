"""Intersections over unions."""

import numpy as np

from tests.parity.metrics import (
    ANSWERS,
    BITS,
    CHANCES,
    CLASSES,
    LABELS,
    ONE_HOT,
    SCORES,
    STEP_LABELS,
    STEP_ONE_HOT,
    STEP_SCORES,
    Case,
    Cases,
    M,
)

GUESSES = np.where(LABELS % 2 == 0, LABELS, np.argmax(SCORES, -1)).astype(np.int32)
STEP_GUESSES = np.argmax(STEP_SCORES, -1).astype(np.int32)
N = {"num_classes": CLASSES}
SOME = {**N, "target_class_ids": [0, 3]}
MORE = {"num_classes": CLASSES + 2}  # two that never occur
FEWER = {"num_classes": CLASSES - 1}  # labels beyond them do not count
DENSE = {"sparse_y_true": False, "sparse_y_pred": False}
TURN = (0, 2, 1)
TURNED_TRUTH = np.ascontiguousarray(STEP_ONE_HOT.transpose(TURN))
TURNED = np.ascontiguousarray(STEP_SCORES.transpose(TURN))


def _last_axis(truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """With the classes at the end: Keras' `axis` works there alone."""
    return truth.transpose(TURN), predicted.transpose(TURN)


CASES: Cases = {
    "iou": [
        Case(SOME, M.IoU, LABELS, GUESSES),
        Case({**SOME, "ignore_class": 0}, M.IoU, LABELS, GUESSES),
        Case({**SOME, **DENSE}, M.IoU, ONE_HOT, SCORES),
        Case({**SOME, "sparse_y_pred": False}, M.IoU, LABELS, SCORES),
        Case({**SOME, "sparse_y_true": False}, M.IoU, ONE_HOT, GUESSES),
        Case(SOME, M.IoU, STEP_LABELS, STEP_GUESSES, steps=True),
        Case({**SOME, **DENSE, "axis": -1}, M.IoU, STEP_ONE_HOT, STEP_SCORES, steps=True),
    ],
    "mean_iou": [
        Case(N, M.MeanIoU, LABELS, GUESSES),
        Case(N, M.MeanIoU, LABELS, GUESSES[:, None]),
        Case(MORE, M.MeanIoU, LABELS, GUESSES),
        Case(FEWER, M.MeanIoU, LABELS, GUESSES),
        Case({**N, "ignore_class": 2}, M.MeanIoU, LABELS, GUESSES),
        Case({**N, **DENSE}, M.MeanIoU, ONE_HOT, SCORES),
        Case({**N, "sparse_y_true": True}, M.MeanIoU, LABELS, GUESSES.astype(np.float32)),
        Case({**N, **DENSE, "axis": 1}, M.MeanIoU, TURNED_TRUTH, TURNED, True, _last_axis),
    ],
    "one_hot_iou": [
        Case(SOME, M.OneHotIoU, ONE_HOT, SCORES),
        Case({**SOME, "ignore_class": 0}, M.OneHotIoU, ONE_HOT, SCORES),
        Case({**SOME, "sparse_y_pred": True}, M.OneHotIoU, ONE_HOT, GUESSES),
        Case({**SOME, "axis": 1}, M.OneHotIoU, TURNED_TRUTH, TURNED, True, _last_axis),
    ],
    "one_hot_mean_iou": [
        Case(N, M.OneHotMeanIoU, ONE_HOT, SCORES),
        Case({**N, "ignore_class": 2}, M.OneHotMeanIoU, ONE_HOT, SCORES),
        Case({**N, "sparse_y_pred": True}, M.OneHotMeanIoU, ONE_HOT, GUESSES),
        Case({**N, "axis": 1}, M.OneHotMeanIoU, TURNED_TRUTH, TURNED, True, _last_axis),
    ],
    "binary_iou": [
        Case({}, M.BinaryIoU, ANSWERS, CHANCES[:, 0]),
        Case({"threshold": 0.3}, M.BinaryIoU, ANSWERS, CHANCES[:, :1]),
        Case({"target_class_ids": [1]}, M.BinaryIoU, ANSWERS, CHANCES[:, 0]),
        Case({"target_class_ids": [0]}, M.BinaryIoU, BITS, CHANCES, steps=True),
    ],
}
