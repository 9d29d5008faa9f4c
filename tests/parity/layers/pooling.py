"""Pooling."""

from tests.parity.layers import Case, Cases, K, same

SPACE = {1: (9, 4), 2: (9, 8, 4), 3: (6, 5, 7, 2)}
ADAPTIVE = {1: (3, 4, 7), 2: ((3, 5), 4, (9, 1)), 3: ((2, 5, 3), 1)}


def _windows(kind: str, rank: int) -> list[Case]:
    name, layer = f"{kind}_pooling{rank}d", getattr(K, f"{kind.capitalize()}Pooling{rank}D")
    uneven = (3, 2, 4)[:rank] if rank > 1 else 3
    steps = (2, 1, 3)[:rank] if rank > 1 else 2
    return [
        same(name, layer, *SPACE[rank], pool_size=2),
        same(name, layer, *SPACE[rank], pool_size=uneven, strides=1),
        same(name, layer, *SPACE[rank], pool_size=3, strides=steps, padding="same"),
        same(name, layer, *SPACE[rank], pool_size=2, strides=3, padding="same"),
    ]


def _global(kind: str, rank: int) -> list[Case]:
    name = f"global_{kind}_pooling{rank}d"
    layer = getattr(K, f"Global{kind.capitalize()}Pooling{rank}D")
    return [
        same(name, layer, *SPACE[rank]),
        same(name, layer, *SPACE[rank], keepdims=True),
    ]


def _adaptive(kind: str, rank: int) -> list[Case]:
    name = f"adaptive_{kind}_pooling{rank}d"
    layer = getattr(K, f"Adaptive{kind.capitalize()}Pooling{rank}D")
    return [same(name, layer, *SPACE[rank], output_size=size) for size in ADAPTIVE[rank]]


CASES: Cases = {
    **{f"{kind}_pooling{n}d": _windows(kind, n) for kind in ("max", "average") for n in SPACE},
    **{
        f"global_{kind}_pooling{n}d": _global(kind, n) for kind in ("max", "average") for n in SPACE
    },
    **{
        f"adaptive_{kind}_pooling{n}d": _adaptive(kind, n)
        for kind in ("max", "average")
        for n in SPACE
    },
}
