"""Images and signals."""

from tests.parity.ops import Cases, same

SLIDING = (
    *("", ", strides=2", ', padding="same", strides=2', ", dilation_rate=2"),
    ', padding="same", dilation_rate=(1, 3)',
)
# Keras' own default strides fail on its JAX backend.
POOLS = {
    "2": "2, strides=2",
    "(3, 2), strides=1": "(3, 2), strides=1",
    '3, strides=(2, 3), padding="same"': '3, strides=(2, 3), padding="same"',
}
PATCHES = ("3", "(3, 2), dilation=(1, 2), padding=(1, 0), stride=(2, 1)")

CASES: Cases = {
    **same(f"conv(m, d{args})" for args in SLIDING),
    **same(['conv(m, d, strides=(2, 1), padding="same")', "conv(m, f[:, :, :2])"]),
    'conv(x, reshape(u, (1, 6, 5)), padding="same")': "k.conv(x, k.reshape(u, (1, 6, 5)))",
    **same(f"depthwise_conv(m, f{args})" for args in SLIDING),
    **same(f"separable_conv(m, f, g{args})" for args in SLIDING),
    **{
        f"{name}(m, {ours})": f"k.{name}(m, {theirs})"
        for name in ("max_pool", "average_pool")
        for ours, theirs in POOLS.items()
    },
    "average_pool(x, 2)": "k.average_pool(x, 2, 2)",
    **same(["depth_to_space(m, 2)", "space_to_depth(m, 2)"]),
    **same(f"unfold(q, {args})" for args in PATCHES),
    **{
        f"fold(unfold(q, {args}), (7, 6), {args})": f"k.fold(k.unfold(q, {args}), (7, 6), {args})"
        for args in PATCHES
    },
    **same(["extract_sequences(x, 3, 2)", "extract_sequences(r, 4, 1)"]),
    **same(
        [
            'rearrange(m, "b h w c -> b c h w")',
            'rearrange(m, "b h w c -> b (c h w)")',
            'rearrange(m, "b (h p) (w q) c -> b (h w) (p q c)", p=2, q=4)',
            'rearrange(m, "b (p h) w c -> b p w (h c)", p=2, h=3)',
        ]
    ),
}
