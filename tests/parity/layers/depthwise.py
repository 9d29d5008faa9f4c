"""Convolutions of each channel on its own."""

from tests.parity.layers import Case, Cases, K, same


def _depthwise(rank: int, **args) -> Case:
    layer = getattr(K, f"DepthwiseConv{rank}D")
    return same(f"depthwise_conv{rank}d", layer, *(9, 8)[:rank], 3, **args)


def _separable(rank: int, **args) -> Case:
    layer = getattr(K, f"SeparableConv{rank}D")
    return same(f"separable_conv{rank}d", layer, *(9, 8)[:rank], 3, filters=5, **args)


CASES: Cases = {
    "depthwise_conv1d": [
        _depthwise(1, kernel_size=3),
        _depthwise(1, kernel_size=4, strides=2, padding="same", depth_multiplier=2),
        _depthwise(1, kernel_size=3, dilation_rate=2, use_bias=False),
    ],
    "depthwise_conv2d": [
        _depthwise(2, kernel_size=(3, 2)),
        _depthwise(2, kernel_size=(2, 3), strides=2, padding="same", depth_multiplier=3),
        _depthwise(2, kernel_size=2, strides=2, dilation_rate=(2, 3)),
    ],
    "separable_conv1d": [
        _separable(1, kernel_size=3),
        _separable(1, kernel_size=2, strides=2, padding="same", depth_multiplier=2),
        _separable(1, kernel_size=3, dilation_rate=2, use_bias=False),
    ],
    "separable_conv2d": [
        _separable(2, kernel_size=(3, 2)),
        _separable(2, kernel_size=(2, 3), strides=2, padding="same", depth_multiplier=2),
        _separable(2, kernel_size=2, strides=2, dilation_rate=(1, 2)),
    ],
}
