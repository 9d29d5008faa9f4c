"""Histograms made flat, as in Keras."""

from __future__ import annotations

import numpy as np
import pytest

from kspec.helpers.contrast_limited_adaptive_histogram_equalization import (
    contrast_limited_adaptive_histogram_equalization as clahe,
)
from kspec.helpers.equalization import equalization
from tests.parity.augment import K, agree, images

CLAHE = K.ContrastLimitedAdaptiveHistogramEqualization


@pytest.mark.parametrize("bins", [256, 16])
def test_equalization(bins):
    x = images(2, 9, 8, 3) ** 2 / 255
    x[1, ..., 2] = 40  # a channel of one value stays
    theirs = K.Equalization(bins=bins).transform_images(x, None)
    agree(equalization(x, (0, 255), bins), theirs)


def test_equalization_of_another_range():
    x = images(2, 9, 8, 3, high=1.0) ** 2
    theirs = K.Equalization(value_range=(0, 1)).transform_images(x, None)
    agree(equalization(x, (0, 1)), theirs, 1.0)


@pytest.mark.parametrize(
    ("size", "clip", "grid"),
    [
        ((16, 24), 4.0, (8, 8)),
        ((13, 18), 2.0, (3, 4)),
        ((8, 8), 0.0, (2, 2)),
        ((9, 7), 1.0, (1, 1)),
    ],
)
def test_tiles(size, clip, grid):
    x = np.floor(images(2, *size, 2) ** 2 / 255)
    theirs = CLAHE(clip_limit=clip, tile_grid_size=grid).transform_images(x)
    agree(clahe(x, (0, 255), clip, grid), theirs)


def test_tiles_of_another_range():
    x = images(2, 12, 10, 3, high=1.0)
    theirs = CLAHE(value_range=(0, 1), tile_grid_size=(2, 2)).transform_images(x)
    agree(clahe(x, (0, 1), 4.0, (2, 2)), theirs, 1.0)
