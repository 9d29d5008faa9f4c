"""How well a model tells classes apart: counts, curves and calibration, in NumPy.

    precision   TP / (TP + FP), recall TP / (TP + FN), F1 their harmonic mean: van Rijsbergen,
                "Information Retrieval" (1979), chapter 7; 0 where there is nothing to divide by
    ROC         (FP / negatives, TP / positives) over all thresholds; its area, by trapezoids, is
                the chance that a positive scores higher than a negative, ties counting half:
                Hanley and McNeil (1982), Fawcett (2006)
    PR          (recall, precision) over all thresholds; average precision is the sum of
                (R[n] - R[n-1]) P[n], without interpolation: Davis and Goadrich (2006)
    calibration how often predictions of a probability come true, in ten bins of equal width;
                ECE = sum of (rows of the bin / rows) |frequency - mean probability|: Naeini et
                al. (2015); of several classes that of the predicted one: Guo et al. (2017)

Examples count once each, whatever weights the loss gives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

BINS: Final = 10
MOST_POINTS: Final = 200  # of a curve that are kept
Array = NDArray[Any]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of about the same probability.

    Attributes:
        low: The least probability, which is not in the bin but for 0.
        high: The greatest one.
        count: How many predictions there are.
        probability: Their mean; None without any.
        frequency: The share of them that came true; None without any.
    """

    low: float
    high: float
    count: int
    probability: float | None
    frequency: float | None


@dataclass(frozen=True, slots=True)
class Curves:
    """One class against all others; None where only one of both has examples.

    Attributes:
        auc: The area under the ROC curve.
        average_precision: Of the PR curve.
        ece: The expected calibration error of the class's probability.
        roc: (false positive rate, true positive rate), from (0, 0) to (1, 1).
        pr: (recall, precision), from (0, 1).
        bins: The reliability of the class's probability.
    """

    auc: float | None
    average_precision: float | None
    ece: float
    roc: tuple[Point, ...]
    pr: tuple[Point, ...]
    bins: tuple[Bin, ...]


def confusion(truth: Array, predicted: Array, classes: int) -> Array:
    """How many examples of each class, in rows, were taken for each class, in columns."""
    counts = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes)


def ratio(part: Array, whole: Array) -> Array:
    """The quotient; 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole != 0)


def rates(counts: Array) -> tuple[Array, Array, Array]:
    """Precision, recall and F1 by class, from a confusion matrix."""
    right, predicted, support = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    f1 = ratio(2 * right, predicted + support)
    return ratio(right, predicted), ratio(right, support), f1


def curves(truth: Array, score: Array) -> Curves:
    """The curves of one class.

    Args:
        truth: Whether each example is of the class.
        score: Its probability.
    """
    bins = reliability(score, truth)
    error = calibration_error(bins)
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return Curves(None, None, error, (), (), bins)
    right, wrong = _above(truth, score)
    tpr, fpr = right / positives, wrong / negatives
    precision = right / (right + wrong)
    area = float(np.sum(np.diff(np.r_[0.0, fpr]) * (tpr + np.r_[0.0, tpr[:-1]]) / 2))
    average = float(np.sum(np.diff(np.r_[0.0, tpr]) * precision))
    turns = (np.diff(right, 2) != 0) | (np.diff(wrong, 2) != 0)
    bent = np.r_[True, turns, True] if len(right) > 2 else np.ones(len(right), bool)
    roc = _thin(np.r_[0.0, fpr[bent]], np.r_[0.0, tpr[bent]])  # without points amid a line
    return Curves(area, average, error, roc, _thin(np.r_[0.0, tpr], np.r_[1.0, precision]), bins)


def _above(truth: Array, score: Array) -> tuple[Array, Array]:
    """True and false positives for each threshold, from the highest score down."""
    order = np.argsort(-score, kind="stable")
    falls = np.flatnonzero(np.diff(score[order]))
    ends = np.r_[falls, len(score) - 1]  # examples of one score pass together
    right = np.cumsum(truth[order].astype(np.int64))[ends]
    return right, ends + 1 - right


def _thin(x: Array, y: Array) -> tuple[Point, ...]:
    """At most so many points, evenly chosen, both ends kept."""
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    return tuple(zip(x[chosen].tolist(), y[chosen].tolist(), strict=True))


def reliability(probability: Array, came: Array) -> tuple[Bin, ...]:
    """Predictions by their probability, and whether they came true."""
    edges = np.linspace(0, 1, BINS + 1)
    places = np.searchsorted(edges[1:-1], probability)
    found: list[Bin] = []
    for number in range(BINS):
        members = places == number
        count = int(members.sum())
        means = (
            (float(probability[members].mean()), float(came[members].mean()))
            if count
            else (None, None)
        )
        found.append(Bin(float(edges[number]), float(edges[number + 1]), count, *means))
    return tuple(found)


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """The expected calibration error."""
    rows = sum(each.count for each in bins)
    apart = (
        each.count * abs(each.frequency - each.probability)
        for each in bins
        if each.frequency is not None and each.probability is not None
    )
    return sum(apart) / rows if rows else 0.0


def probabilities(scores: Array, *, binary: bool, from_logits: bool) -> Array:
    """A row of probabilities an example, that of the second class from one score where binary."""
    scores = np.asarray(scores, np.float64)
    if binary:
        flat = scores.reshape(len(scores))
        second = 0.5 * (1 + np.tanh(0.5 * flat)) if from_logits else flat
        return np.stack([1 - second, second], axis=1)
    if from_logits:
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)
    total = scores.sum(axis=1, keepdims=True)
    return np.divide(scores, total, out=np.zeros_like(scores), where=total != 0)
