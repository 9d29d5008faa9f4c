"""Initializers: the moments and the bounds that Keras' draws have."""

from __future__ import annotations

from importlib import import_module
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.helpers.stft import stft
from kspec.initializers.signals import Stft
from kspec.registry import names
from tests.parity.harness import Figure, close, keras, program, spell

K = keras.initializers
WINDOWS = get_args(get_args(Stft.arg_types()["window"])[0])
# Keras' class, and the arguments to try.
CASES: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "zeros": (K.Zeros, [{}]),
    "ones": (K.Ones, [{}]),
    "constant": (K.Constant, [{}, {"value": -2.5}]),
    "identity": (K.Identity, [{}, {"gain": 3.0}]),
    "random_normal": (K.RandomNormal, [{}, {"mean": 1.0, "stddev": 0.5}]),
    "truncated_normal": (K.TruncatedNormal, [{}, {"mean": 1.0, "stddev": 0.5}]),
    "random_uniform": (K.RandomUniform, [{}, {"minval": -3.0, "maxval": 1.0}]),
    "orthogonal": (K.Orthogonal, [{}, {"gain": 2.0}]),
    "glorot_uniform": (K.GlorotUniform, [{}]),
    "glorot_normal": (K.GlorotNormal, [{}]),
    "he_uniform": (K.HeUniform, [{}]),
    "he_normal": (K.HeNormal, [{}]),
    "lecun_uniform": (K.LecunUniform, [{}]),
    "lecun_normal": (K.LecunNormal, [{}]),
    "stft": (
        K.STFT,
        [
            {},
            {"side": "imag", "scaling": "spectrum"},
            {"window": None, "scaling": None},
            {"window": tuple(range(1, 65)), "periodic": True},
        ],
    ),
    "variance_scaling": (
        K.VarianceScaling,
        [
            {"scale": 2.0, "mode": mode, "distribution": distribution}
            for mode in ("fan_in", "fan_out", "fan_avg")
            for distribution in ("truncated_normal", "untruncated_normal", "uniform")
        ],
    ),
}
FIXED = ("zeros", "ones", "constant", "identity", "stft")
# What only some weights can start with; Keras refuses the others, too.
KINDS = {
    "identity": ("matrix",),
    "orthogonal": ("matrix", "kernel"),
    "stft": ("waves", "odd waves"),
}
ROWS = [
    (name, cls, args, kind)
    for name, (cls, grid) in CASES.items()
    for args in grid
    for kind in KINDS.get(name, ("matrix", "kernel", "vector"))
    if not (kind == "odd waves" and isinstance(args.get("window"), tuple))
]


def test_every_initializer_and_argument_is_here():
    own = {"forget_bias"}  # of lstm alone: test_recurrent.py
    assert set(CASES) == set(names("initializer")) - own
    for name, cls in names("initializer").items():
        if name in own:
            continue
        tried = {key for args in CASES[name][1] for key in args}
        assert tried == {arg.name for arg in cls.args}, name


def draw(call: str, kind: str) -> np.ndarray:
    """A weight that starts as the call says."""
    models = {
        "matrix": ("300", f"dense(400, kernel_initializer={call})", "dense.kernel"),
        "kernel": ("8, 8, 32", f"conv2d(64, 5, kernel_initializer={call})", "conv2d.kernel"),
        "vector": ("2", f"dense(20_000, bias_initializer={call})", "dense.bias"),
    }
    if kind not in models:
        size = 64 if kind == "waves" else 63
        text = f"block W {{\n  input x : f32[3]\n  weight w : f32[{size}, 1, 33] = {call}\n"
        text += "  output x + sum(w)\n}\nmodel M {\n  input x : f32[3]\n  output y = x -> W\n}"
        return kspec.compile_text(text).init().weights["w.w"]
    shape, layer, path = models[kind]
    return program(f"  input x : f32[{shape}]\n  output y = x -> {layer}").weights[path]


@pytest.mark.parametrize(("name", "cls", "args", "kind"), ROWS)
def test_draws_have_the_moments_and_bounds_of_keras(name, cls, args, kind):
    ours = draw(f"{name}({spell(args)})", kind)
    seed = {} if name in FIXED else {"seed": 1}
    theirs = np.asarray(cls(**args, **seed)(ours.shape))
    if name in FIXED:
        # `stft` is sums of cosines in 32 bits.
        rtol, atol = (1e-5, 1e-6) if name == "stft" else (0.0, 0.0)
        close(ours, theirs, rtol, atol, figure=Figure("initializer", ""))
        return
    size = theirs.size
    spread = theirs.std()
    assert abs(ours.mean() - theirs.mean()) < 7 * spread / np.sqrt(size)
    assert abs(ours.std() / spread - 1) < 7 / np.sqrt(size)
    assert abs(np.abs(ours).max() / np.abs(theirs).max() - 1) < (
        0.25
        if "normal" in name
        or args.get("distribution") == "untruncated_normal"
        or name == "orthogonal"
        else 0.01
    )
    assert len(np.unique(ours)) > 0.9 * min(size, 2**20)


@pytest.mark.parametrize("distribution", ["uniform", "normal", "truncated_normal"])
@pytest.mark.parametrize("shape", [(3, 3, 4, 8), (50, 70)])
def test_scaled_draws_are_those_of_jax(distribution, shape):
    """Though they are drawn in a row, where the last bit of an error function may differ."""
    key, fan = jax.random.key(7), int(np.prod(shape[:-1]))
    helper = import_module(f"kspec.helpers.scaled_{distribution}")
    ours = getattr(helper, helper.__name__.split(".")[-1])(key, shape, jnp.float32, 2 / fan)
    theirs = jax.nn.initializers.variance_scaling(2.0, "fan_in", distribution)(key, shape)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_orthogonal_matrices_are_orthogonal(gain):
    for kind in ("matrix", "kernel"):
        value = draw(f"orthogonal({gain})", kind)
        flat = value.reshape(-1, value.shape[-1])
        short = flat if flat.shape[0] <= flat.shape[1] else flat.T
        close(short @ short.T, gain**2 * np.eye(len(short)), 1e-4, 1e-4)


def test_weights_of_one_model_are_drawn_apart():
    run = program("  input x : f32[50]\n  output y = x -> dense(50) -> dense(50)")
    assert not np.array_equal(run.weights["dense.kernel"], run.weights["dense_1.kernel"])


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("size", [1, 63, 64])
def test_windows_of_stft_are_those_of_scipy(window, size):
    """The helper itself, as it is copied into programs."""
    for periodic in (True, False):
        ours = stft((size, 1, 9), jnp.float32, window=window, periodic=periodic)
        close(ours, K.STFT(window=window, periodic=periodic)((size, 1, 9)))


@pytest.mark.parametrize(
    ("type", "call", "reason"),
    [
        ("f32[3]", "identity", "it is for matrices, not f32[3]"),
        ("f32[3]", "orthogonal", "it is for weights of two axes or more"),
        ("f32[64, 2, 33]", "stft", "it is for kernels [time, 1, frequencies], not f32[64,2,33]"),
        ("f32[64, 1, 1]", "stft", "it is for kernels [time, 1, frequencies]"),
        ("f32[4, 1, 3]", "stft(window=(1, 2))", "a window of 2 numbers does not fit f32[4,1,3]"),
    ],
)
def test_weights_that_cannot_start_so_are_refused(type, call, reason):
    text = (
        f"block W {{\n  input x : f32[3]\n  weight w : {type} = {call}\n  output x * sum(w)\n}}\n"
    )
    with pytest.raises(SpecError) as caught:
        kspec.compile_text(text + "model M {\n  input x : f32[3]\n  output y = x -> W\n}")
    assert reason in caught.value.render()
    with pytest.raises(SpecError) as caught:
        program("  input x : f32[3]\n  output y = x -> dense(2, bias_initializer=identity)")
    assert "`identity` of its bias: it is for matrices, not f32[2]" in caught.value.render()


@pytest.mark.parametrize("name", ["glorot_uniform", "he_uniform", "variance_scaling"])
@pytest.mark.parametrize(
    ("equation", "shape", "sizes"),
    [("abc,cde->abde", (2, 50), (2, 30, 40)), ("ab,b->ab", (5000,), (5000,))],
)
def test_an_equation_says_what_is_fan_in_and_fan_out(name, equation, shape, sizes):
    call = f'einsum_dense("{equation}", {sizes}, kernel_initializer={name})'
    call = call.replace(",)", ")")
    ours = program(f"  input x : f32{list(shape)}\n  output y = x -> {call}").weights
    layer = keras.layers.EinsumDense(equation, sizes, kernel_initializer=name)
    layer.build((None, *shape))
    theirs = np.asarray(layer.kernel)
    close(ours["einsum_dense.kernel"].std(), theirs.std(), 0.03, 0)
