"""Layers that act in training alone, as they are outside of it."""

from tests.parity.layers import IMAGE, LINE, Case, Cases, K

CASES: Cases = {
    "dropout": [
        Case("dropout(0.4)", lambda: K.Dropout(0.4), LINE),
        Case("dropout(0.4, (none, 1))", lambda: K.Dropout(0.4, (None, 1)), LINE),
    ],
    "alpha_dropout": [Case("alpha_dropout(0.4)", lambda: K.AlphaDropout(0.4), LINE)],
    "gaussian_dropout": [Case("gaussian_dropout(0.4)", lambda: K.GaussianDropout(0.4), LINE)],
    "gaussian_noise": [Case("gaussian_noise(0.4)", lambda: K.GaussianNoise(0.4), LINE)],
    "spatial_dropout1d": [
        Case("spatial_dropout1d(0.4)", lambda: K.SpatialDropout1D(0.4), ((5, 6),))
    ],
    "spatial_dropout2d": [Case("spatial_dropout2d(0.4)", lambda: K.SpatialDropout2D(0.4), IMAGE)],
    "spatial_dropout3d": [
        Case("spatial_dropout3d(0.4)", lambda: K.SpatialDropout3D(0.4), ((2, 3, 4, 5),))
    ],
    "activity_regularization": [
        Case("activity_regularization(0.1, 0.2)", lambda: K.ActivityRegularization(0.1, 0.2), LINE)
    ],
}
