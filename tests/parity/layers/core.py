"""Layers on the last axis."""

from tests.parity.layers import LINE, Case, Cases, K

CASES: Cases = {
    "dense": [
        Case("dense(5)", lambda: K.Dense(5), LINE),
        Case("dense(5, tanh)", lambda: K.Dense(5, "tanh"), ((7, 6),)),
        Case("dense(5, use_bias=false)", lambda: K.Dense(5, use_bias=False), ((2, 3, 6),)),
        Case("dense(5, softmax)", lambda: K.Dense(5, "softmax"), LINE),
    ],
    "embedding": [
        Case("embedding(11, 3)", lambda: K.Embedding(11, 3), ((5,),), 11),
        Case("embedding(11, 3)", lambda: K.Embedding(11, 3), ((5, 2),), 11),
    ],
    "activation": [
        Case("activation(relu)", lambda: K.Activation("relu"), LINE),
        Case("activation(softmax)", lambda: K.Activation("softmax"), ((4, 6),)),
    ],
}
