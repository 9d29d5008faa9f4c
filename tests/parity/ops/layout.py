"""Turned, repeated, padded, joined."""

from tests.parity.ops import Cases, same

MODES = "edge linear_ramp maximum mean median minimum reflect symmetric wrap"
PAIRS = "((0, 0), (1, 2), (0, 3))"

CASES: Cases = {
    "flip(x)": "k.flip(x, axis=(1, 2))",
    **same(["flip(x, axis=1)", "flip(m, (1, -1))", "fliplr(x)"]),
    **same(f"rot90(m, k={turns}, axes=(1, 2))" for turns in range(-1, 5)),
    **same(["rot90(m, 1, (3, 1))", "rot90(u, 3)[0, 1] * x"]),
    "roll(x, 2)": "each(lambda x: k.roll(x, 2))(x)",
    **same(["roll(x, -3, axis=1)", "roll(x, (1, -2), (1, 2))", "roll(v, 2) * x"]),
    **same(["tile(x, 2)", "tile(x, (2, 3))", "tile(x, (1, 2, 1))", "tile(v, 2)[0:6] * x"]),
    "repeat(x, 2)": "each(lambda x: k.repeat(x, 2))(x)",
    "repeat(x, 3, axis=1)": "k.repeat(x, 3, axis=1)",
    "pad(x, 1)": "k.pad(x, ((0, 0), (1, 1), (1, 1)))",
    "pad(x, ((2, 1),))": "k.pad(x, ((0, 0), (2, 1), (2, 1)))",
    "pad(j, 1)": "k.pad(j, ((0, 0), (1, 1), (1, 1)))",
    **same([f"pad(x, {PAIRS}, constant_values=-1.5)"]),
    **same(f'pad(x, {PAIRS}, mode="{mode}")' for mode in MODES.split()),
    "stack(x, z, axis=1)": "k.stack([x, z], axis=1)",
    "stack(x, z, x, axis=-1)": "k.stack([x, z, x], axis=-1)",
    "stack(x, u, axis=2)": "k.stack([x, k.broadcast_to(u, (4, 5, 6))], axis=2)",
    "stack(v, v)[1] * x": "v * x",
    "concatenate(c, x, axis=1)": "k.concatenate([k.broadcast_to(c, (4, 1, 6)), x], axis=1)",
    "x -> concatenate(c, 1)": "k.concatenate([x, k.broadcast_to(c, (4, 1, 6))], axis=1)",
    "concatenate(u, c)[5] * x": "k.concatenate([u, c])[5] * x",
    "hstack(x, z[:2])": "k.hstack([x, z[:, :2]])",
    "hstack(v, v)[3:9] * x": "k.hstack([v, v])[3:9] * x",
    "dstack(x, z)": "k.dstack([x, z])",
    "dstack(r, r)": "k.dstack([r, r])",
    "append(x, z[:, 1:], axis=2)": "k.append(x, z[:, :, 1:], axis=2)",
    "append(x, r)": "each(k.append)(x, r)",
    "append(x, v)": "each(lambda x: k.append(x, v))(x)",
}
