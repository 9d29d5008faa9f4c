"""The language: a spec in, its IR out, in `language/<construct>.case`."""

from __future__ import annotations

import numpy as np
import pytest

import kspec
from tests.cases import Case, read_cases, write_case
from tests.conftest import TESTS
from tests.test_layers import lower

FILES = sorted((TESTS / "language").glob("*.case"))
CASES = [case for file in FILES for case in read_cases(file)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_construct_means_what_the_case_shows(case: Case, updating: bool):
    output = lower(case.given)
    if updating:
        write_case(case, output)
        return
    assert output == case.expected


def test_repeats_are_what_they_stand_for():
    """A repeat, and the same written out: one text, one program."""
    head = "model Net {\n  input x : f32[8]\n"
    tail = "  output y = x -> dense(1)\n}\n"
    rolled = "  repeat i in 1..4 { x = x -> dense(8 * i, relu) -> dropout(0.1 * i) }\n"
    unrolled = "".join(
        f"  x = x -> dense({8 * i}, relu) -> dropout({0.1 * i!r})\n" for i in (1, 2, 3)
    )
    given, written = (kspec.compile_text(head + body + tail) for body in (rolled, unrolled))
    assert given.ir() == written.ir()


def test_a_block_with_weights_of_its_own_learns():
    """A dense layer written in a spec trains exactly as the layer of the vocabulary does."""
    text = """
block Own(units) {
  input x : f32[..., D]
  weight kernel : f32[D, units]
  weight bias   : f32[units] = zeros
  output x @ kernel + bias
}
data d {
  source = arrays()
  x : f32[4]
  y : f32[2]
}
model Net {
  input x : f32[4]
  output z = x -> LAYER(8, name="a") -> LAYER(2, name="b")
}
train {
  model = Net
  data = d
  loss = mean(square(y - z))
  metrics = {
    worst: max(abs(y - z)), close: max(abs(y - z)) < 1, error: mean_squared_error(y, z)
    place: argmax(z), wide: mean(sum(abs(y - z) > 1)), all: sum(abs(y - z) > 1)
  }
  optimizer = sgd(0.1)
  batch = 8
  epochs = 3
}
"""
    own = text.replace('LAYER(8, name="a")', "Own(8)").replace('LAYER(2, name="b")', "Own(2)")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 4)), rng.normal(size=(20, 2))
    arrays = {"train": {"x": x.astype(np.float32), "y": y.astype(np.float32)}}
    runs = [
        kspec.compile_text(each).fit(arrays, quiet=True)
        for each in (own, text.replace("LAYER", "dense"))
    ]
    mine, theirs = (run.history for run in runs)
    first = {path.rsplit(".", 1)[-1]: w for path, w in runs[0].weights.items()}
    assert set(runs[0].weights) == {"own.kernel", "own.bias", "own_1.kernel", "own_1.bias"}
    assert first["kernel"].shape == (8, 2)
    for ours, other in zip(mine, theirs, strict=True):
        assert ours["train"] == pytest.approx(other["train"], rel=1e-5)
    scores = runs[0].predict({"x": arrays["train"]["x"]})["z"]
    gap = np.abs(arrays["train"]["y"] - scores)
    metrics = runs[0].evaluate(arrays["train"])
    assert metrics["worst"] == pytest.approx(gap.max(1).mean(), rel=1e-5)
    assert metrics["close"] == pytest.approx((gap.max(1) < 1).mean())
    assert metrics["place"] == pytest.approx(scores.argmax(1).mean())
    assert metrics["wide"] == pytest.approx((gap > 1).sum(1).mean())
    assert metrics["all"] == (gap > 1).sum()
    assert metrics["error"] == pytest.approx((gap**2).mean(), rel=1e-5)
    assert metrics["loss"] == pytest.approx((gap**2).mean(), rel=1e-5)
