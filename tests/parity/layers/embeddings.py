"""Tables of vectors."""

from tests.parity.layers import Case, Cases, K
from tests.parity.layers.core import adapted

CASES: Cases = {
    "embedding": [
        Case("embedding(11, 3)", lambda: K.Embedding(11, 3), ((5,),), 11),
        Case("embedding(11, 3)", lambda: K.Embedding(11, 3), ((5, 2),), 11),
        Case("embedding(11, 3, lora_rank=2)", lambda: K.Embedding(11, 3, lora_rank=2), ((5,),), 11),
        Case(
            "embedding(11, 3, lora_rank=2, lora_alpha=3)",
            lambda: adapted(K.Embedding(11, 3), (5,), 3),
            ((5,),),
            11,
        ),
    ],
    "reversible_embedding": [
        Case("reversible_embedding(11, 3)", lambda: K.ReversibleEmbedding(11, 3), ((5,),), 11),
        Case(
            "reversible_embedding(11, 3, reverse=true)",
            lambda: Reverse(11, 3),
            ((5, 3),),
        ),
        Case(
            "reversible_embedding(11, 3, false, reverse=true, logit_soft_cap=0.5)",
            lambda: Reverse(11, 3, tie_weights=False, logit_soft_cap=0.5),
            ((3,),),
        ),
    ],
}


class Reverse(K.ReversibleEmbedding):
    """Keras' layer, which every call scores integers by."""

    def call(self, inputs):
        return super().call(inputs, reverse=True)
