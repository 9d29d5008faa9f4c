"""Products written as equations."""

from tests.parity.layers import Case, Cases, K


def case(shape, equation, output_shape, **more) -> Case:
    """A case in both languages."""
    sizes = str(output_shape).replace("None", "none")
    text = "".join(
        f", {key}={value}" if key != "bias_axes" else f', {key}="{value}"'
        for key, value in more.items()
    )
    return Case(
        f'einsum_dense("{equation}", {sizes}{text})',
        lambda: K.EinsumDense(equation, output_shape, **more),
        (shape,),
    )


CASES: Cases = {
    "einsum_dense": [
        case((6,), "ab,bc->ac", 4, bias_axes="c", activation="relu"),
        case((5, 6), "abc,cd->abd", (None, 4), bias_axes="d"),
        case((5, 6), "abc,cd->abd", (5, 4), bias_axes="bd"),
        case((5, 6), "abc,cde->abde", (None, 2, 3), bias_axes="de"),
        case((5, 2, 3), "abcd,cde->abe", (5, 4), bias_axes="b"),
        case((5, 6), "abc,bd->adc", (4, None)),
        case((2, 5, 6), "...x,xy->...y", 4, bias_axes="y"),
        case((5, 6), "...bc,cd->...bd", (None, 4)),
        case((6, 2, 3), "ab...,bc->ac...", 4, bias_axes="c"),
        case((5, 6), "abc,cde->abde", (None, 2, 3), bias_axes="e", lora_rank=2, lora_alpha=3),
        case((6,), "ab,b->ab", 6, bias_axes="b"),
    ],
}
