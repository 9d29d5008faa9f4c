"""Histograms made flat, as in Keras."""

from __future__ import annotations

import numpy as np
import pytest

from kspec.helpers.contrast_limited_adaptive_histogram_equalization import (
    contrast_limited_adaptive_histogram_equalization as clahe,
)
from kspec.helpers.equalization import equalization
from tests.parity.augment import K, agree, images, jitted

CLAHE = K.ContrastLimitedAdaptiveHistogramEqualization


def test_equalization():
    """Keras takes the histogram of the whole batch, so that it gets one image at a time."""
    x = images(2, 9, 8, 2) ** 2 / 255
    x[1, ..., 1] = 40  # a channel of one value stays
    layer = K.Equalization(bins=16)
    theirs = [layer.transform_images(x[i : i + 1], None)[0] for i in range(2)]
    agree(jitted(equalization, x, value_range=(0, 255), bins=16), np.stack(theirs))


def test_equalization_of_another_range():
    x = images(1, 9, 8, 1, high=1.0) ** 2
    theirs = K.Equalization(value_range=(0, 1)).transform_images(x, None)
    agree(jitted(equalization, x, value_range=(0, 1)), theirs, 1.0)


@pytest.mark.parametrize(
    ("size", "clip", "grid"),
    [
        ((13, 18), 2.0, (3, 4)),
        ((8, 8), 0.0, (2, 2)),
        ((9, 7), 1.0, (1, 1)),
    ],
)
def test_tiles(size, clip, grid):
    x = np.floor(images(2, *size, 2) ** 2 / 255)
    theirs = CLAHE(clip_limit=clip, tile_grid_size=grid).transform_images(x)
    ours = jitted(clahe, x, value_range=(0, 255), clip_limit=clip, tile_grid_size=grid)
    agree(ours, theirs)


def test_tiles_of_another_range():
    x = images(2, 12, 10, 3, high=1.0)
    theirs = CLAHE(value_range=(0, 1), tile_grid_size=(2, 2)).transform_images(x)
    agree(jitted(clahe, x, value_range=(0, 1), tile_grid_size=(2, 2)), theirs, 1.0)
