"""Which layer of a Keras file is which: by names, numbers and shapes, and never by a guess."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parity.harness import floats, keras
from tests.test_keras_weights import FORMATS, L, agree, refused, save, sequential, spec

pytestmark = pytest.mark.filterwarnings("ignore")  # of what Keras and h5py do
NESTED = """block Inner {
  input x : f32[D]
  output x -> dense(WIDE) -> batch_normalization -> dense(6)
}

model M {
  input x : f32[6]
  share inner = Inner
  output y = x -> dense(6) -> inner -> dense(6, relu) -> inner
}
"""


def nested(wide: int) -> Any:
    """A model in a model, called twice."""
    inputs = keras.Input((6,))
    x = L.Dense(6)(inputs)
    inner = sequential(L.Dense(wide), L.BatchNormalization(), L.Dense(6), shape=(6,))
    return keras.Model(inputs, inner(L.Dense(6, activation="relu")(inner(x))))


@pytest.mark.parametrize("name", FORMATS)
def test_a_model_in_a_model(tmp_path, name):
    """Where it stands among the others is told by shapes, or by the file."""
    model = nested(wide=9)
    save(model, tmp_path / name)
    text = spec(NESTED.replace("WIDE", "9"), file=name)
    agree(model, text, tmp_path, 6)


def test_a_model_in_a_model_of_one_shape(tmp_path):
    """A `.keras` has the order, and `.weights.h5` has it not."""
    model = nested(wide=6)
    text = NESTED.replace("WIDE", "6")
    save(model, tmp_path / "net.keras")
    agree(model, spec(text, file="net.keras"), tmp_path, 6)
    save(model, tmp_path / "net.weights.h5")
    assert "the order of its layers could be two" in refused(spec(text), tmp_path)


BRANCHES = """model M {
  input x : f32[6]
  left = x -> dense(WIDE, tanh) -> dense(6)
  right = x -> dense(WIDE, relu) -> dense(6)
  output y = left + right
}
"""


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("wide", [6, 8])
def test_branches_are_listed_by_depth_and_numbered_as_they_are_made(tmp_path, name, wide):
    """The spec's text is in the order of the numbers; where both fit, that is said."""
    inputs = keras.Input((6,))
    left = L.Dense(wide, activation="tanh")(inputs)
    left = L.Dense(6)(left)
    right = L.Dense(wide, activation="relu")(inputs)
    right = L.Dense(6)(right)
    model = keras.Model(inputs, L.Add()([left, right]))
    save(model, tmp_path / name)
    text = spec(BRANCHES.replace("WIDE", str(wide)), file=name)
    if wide == 6:
        assert "the order of its layers could be two" in refused(text, tmp_path)
    elif name == "net.h5":
        assert "is [6, 8] there, and `dense_1.kernel` is [8, 6] here" in refused(text, tmp_path)
    else:
        agree(model, text, tmp_path, 6)


def test_names_of_the_user_count_more_than_order(tmp_path):
    model = sequential(
        L.Dense(6, name="second"), L.Dense(6, name="first"), L.Dense(6), L.Dense(6), shape=(6,)
    )
    save(model, tmp_path / "net.weights.h5")
    text = """model M {
  input x : f32[6]
  share first = dense(6)
  share second = dense(6)
  output y = x -> second -> first -> dense(6) -> dense(6)
}
"""
    agree(model, spec(text), tmp_path, 6)


def test_attributes_of_a_class_of_the_users_own_are_names(tmp_path):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.broad = L.Dense(6)
            self.first = L.Dense(6)

        def call(self, x):
            return self.broad(self.first(x))

    model = Net()
    model(floats(1, 6))
    save(model, tmp_path / "net.weights.h5")
    text = """model M {
  input x : f32[6]
  share first = dense(6)
  share broad = dense(6)
  output y = x -> first -> broad
}
"""
    agree(model, spec(text), tmp_path, 6)
    other = text.replace("broad", "large")
    found = refused(spec(other), tmp_path)
    assert "it has nothing called `large`, and no order of its layers" in found
