"""Activations that are layers of their own."""

from tests.parity.layers import IMAGE, LINE, Case, Cases, K

CASES: Cases = {
    "relu": [
        Case("relu", lambda: K.ReLU(), LINE),
        Case("relu(6)", lambda: K.ReLU(6), LINE),
        Case("relu(0.5, 0.1)", lambda: K.ReLU(0.5, 0.1), ((4, 6),)),
        Case("relu(negative_slope=0.1)", lambda: K.ReLU(negative_slope=0.1), LINE),
        Case("relu(threshold=0.3)", lambda: K.ReLU(threshold=0.3), ((4, 6),)),
        Case("relu(1, 0.2, 0.3)", lambda: K.ReLU(1, 0.2, 0.3), ((4, 6),)),
        Case(
            "relu(negative_slope=0.1, max_value=6)",
            lambda: K.ReLU(negative_slope=0.1, max_value=6),
            LINE,
        ),
    ],
    "leaky_relu": [
        Case("leaky_relu", lambda: K.LeakyReLU(), LINE),
        Case("leaky_relu(0.05)", lambda: K.LeakyReLU(0.05), ((4, 6),)),
    ],
    "prelu": [
        Case("prelu", lambda: K.PReLU(), LINE),
        Case("prelu", lambda: K.PReLU(), ((4, 6),)),
        Case("prelu(shared_axes=(1, 2))", lambda: K.PReLU(shared_axes=[1, 2]), IMAGE),
        Case("prelu(shared_axes=1)", lambda: K.PReLU(shared_axes=1), ((4, 6),)),
    ],
    "softmax": [
        Case("softmax", lambda: K.Softmax(), LINE),
        Case("softmax(1)", lambda: K.Softmax(1), IMAGE),
        Case("softmax((1, -1))", lambda: K.Softmax((1, -1)), IMAGE),
        Case("softmax((1,))", lambda: K.Softmax((1,)), ((4, 6),)),
    ],
}
