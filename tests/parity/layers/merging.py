"""Merging."""

from tests.parity.layers import IMAGE, LINE, Case, Cases, K

ELEMENTWISE = {
    "add": K.Add,
    "multiply": K.Multiply,
    "average": K.Average,
    "maximum": K.Maximum,
    "minimum": K.Minimum,
}
GROUPS = [
    (*LINE, *LINE),
    (*IMAGE,) * 3,
    ((4,), (5, 4)),
    ((5, 4), (4,), (3, 1, 4)),
    ((5, 1), (1, 4)),
]

CASES: Cases = {
    **{
        name: [Case(name, lambda layer=layer: layer(), shapes) for shapes in GROUPS]
        for name, layer in ELEMENTWISE.items()
    },
    "subtract": [
        Case("subtract", lambda: K.Subtract(), shapes) for shapes in GROUPS if len(shapes) == 2
    ],
    "concatenate": [
        Case("concatenate", lambda: K.Concatenate(), (*LINE, *LINE)),
        Case("concatenate(axis=1)", lambda: K.Concatenate(axis=1), ((2, 3), (5, 3))),
        Case("concatenate(axis=-2)", lambda: K.Concatenate(axis=-2), ((2, 3), (5, 3))),
    ],
    "dot": [
        Case("dot(1)", lambda: K.Dot(1), ((6,), (6,))),
        Case("dot(axes=-1, normalize=true)", lambda: K.Dot(-1, normalize=True), ((6,), (6,))),
        Case("dot((2, 1))", lambda: K.Dot((2, 1)), ((5, 4), (4, 3))),
        Case("dot((1, 2), true)", lambda: K.Dot((1, 2), True), ((4,), (3, 4))),
        Case("dot((1, -1))", lambda: K.Dot((1, -1)), ((4, 5), (4,))),
        Case("dot((2, 3))", lambda: K.Dot((2, 3)), ((3, 4, 2), (5, 2, 4))),
    ],
}
