"""Layers on the last axis, and those that change nothing."""

from tests.parity.layers import IMAGE, LINE, Case, Cases, K


def adapted(layer, shape, alpha):
    """Keras takes `lora_alpha` here; `Dense` and `Embedding` forget the constructor's."""
    layer.build((None, *shape))
    layer.enable_lora(2, lora_alpha=alpha)
    return layer


CASES: Cases = {
    "dense": [
        Case("dense(5)", lambda: K.Dense(5), LINE),
        Case("dense(5, tanh)", lambda: K.Dense(5, "tanh"), ((7, 6),)),
        Case("dense(5, use_bias=false)", lambda: K.Dense(5, use_bias=False), ((2, 3, 6),)),
        Case("dense(5, softmax)", lambda: K.Dense(5, "softmax"), LINE),
        Case("dense(5, lora_rank=2)", lambda: K.Dense(5, lora_rank=2), LINE),
        Case(
            "dense(5, relu, lora_rank=2, lora_alpha=5)",
            lambda: adapted(K.Dense(5, "relu"), (7, 6), 5),
            ((7, 6),),
        ),
    ],
    "activation": [
        Case("activation(relu)", lambda: K.Activation("relu"), LINE),
        Case("activation(softmax)", lambda: K.Activation("softmax"), ((4, 6),)),
    ],
    "identity": [Case("identity", lambda: K.Identity(), LINE)],
    "masking": [
        Case("masking", lambda: K.Masking(), ((4, 6),)),
        Case("masking(1)", lambda: K.Masking(1), IMAGE),
    ],
}
