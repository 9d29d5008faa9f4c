"""Pooling."""

from tests.parity.layers import IMAGE, Case, Cases, K

CASES: Cases = {
    **{
        name: [
            Case(f"{name}(2)", lambda layer=layer: layer(2), IMAGE),
            Case(f"{name}(3)", lambda layer=layer: layer(3), IMAGE),
            Case(f"{name}((3, 2), 1)", lambda layer=layer: layer((3, 2), 1), IMAGE),
            Case(
                f'{name}(3, (2, 1), "same")',
                lambda layer=layer: layer(3, (2, 1), "same"),
                IMAGE,
            ),
        ]
        for name, layer in (
            ("max_pooling2d", K.MaxPooling2D),
            ("average_pooling2d", K.AveragePooling2D),
        )
    },
    **{
        name: [
            Case(f"{name}", lambda layer=layer: layer(), IMAGE),
            Case(f"{name}(keepdims=true)", lambda layer=layer: layer(keepdims=True), IMAGE),
        ]
        for name, layer in (
            ("global_average_pooling2d", K.GlobalAveragePooling2D),
            ("global_max_pooling2d", K.GlobalMaxPooling2D),
        )
    },
}
