"""Normalization."""

from tests.parity.layers import IMAGE, LINE, Case, Cases, K

LINES = ((5, 6),)


class Normalized(K.SpectralNormalization):
    """Keras' layer as it is in training; outside of it Keras on JAX takes the raw kernel."""

    def call(self, inputs, training=False):
        return super().call(inputs, training=True)


CASES: Cases = {
    "batch_normalization": [
        Case("batch_normalization", lambda: K.BatchNormalization(), LINE),
        Case("batch_normalization(1)", lambda: K.BatchNormalization(1), IMAGE),
        Case(
            "batch_normalization(epsilon=0.1, center=false)",
            lambda: K.BatchNormalization(epsilon=0.1, center=False),
            IMAGE,
        ),
        Case("batch_normalization(scale=false)", lambda: K.BatchNormalization(scale=False), IMAGE),
        Case("batch_normalization(renorm=true)", lambda: K.BatchNormalization(renorm=True), LINES),
    ],
    "layer_normalization": [
        Case("layer_normalization", lambda: K.LayerNormalization(), LINE),
        Case("layer_normalization((1, 2))", lambda: K.LayerNormalization([1, 2]), LINES),
        Case("layer_normalization(1, 0.1)", lambda: K.LayerNormalization(1, 0.1), LINES),
        Case(
            "layer_normalization((-1, 1), center=false)",
            lambda: K.LayerNormalization([3, 1], center=False),
            IMAGE,
        ),
        Case(
            "layer_normalization(scale=false)",
            lambda: K.LayerNormalization(scale=False),
            LINES,
        ),
    ],
    "group_normalization": [
        Case("group_normalization(2)", lambda: K.GroupNormalization(2), IMAGE),
        Case("group_normalization(3, 1)", lambda: K.GroupNormalization(3, 1), IMAGE),
        Case("group_normalization(3, -3)", lambda: K.GroupNormalization(3, -3), IMAGE),
        Case("group_normalization(-1)", lambda: K.GroupNormalization(-1), LINES),
        Case("group_normalization(1)", lambda: K.GroupNormalization(1), LINE),
        Case(
            "group_normalization(2, scale=false, epsilon=0.1)",
            lambda: K.GroupNormalization(2, scale=False, epsilon=0.1),
            IMAGE,
        ),
    ],
    "rms_normalization": [
        Case("rms_normalization", lambda: K.RMSNormalization(), LINES),
        Case("rms_normalization((1, 2))", lambda: K.RMSNormalization((1, 2)), LINES),
        Case("rms_normalization(-1, 0.1)", lambda: K.RMSNormalization(-1, 0.1), IMAGE),
    ],
    "spectral_normalization": [
        Case("spectral_normalization(dense(3))", lambda: Normalized(K.Dense(3)), LINES),
        Case(
            "spectral_normalization(conv2d(3, 2, use_bias=false), 3)",
            lambda: Normalized(K.Conv2D(3, 2, use_bias=False), 3),
            ((4, 4, 2),),
        ),
    ],
    "unit_normalization": [
        Case("unit_normalization", lambda: K.UnitNormalization(), LINE),
        Case("unit_normalization(1)", lambda: K.UnitNormalization(1), IMAGE),
        Case("unit_normalization((1, -1))", lambda: K.UnitNormalization((1, -1)), IMAGE),
    ],
}
