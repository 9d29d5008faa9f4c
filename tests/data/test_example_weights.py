"""Weights of examples: settled from names, numbers and counts; kept in a plan."""

from __future__ import annotations

import numpy as np
import pytest

import kspec
from kspec.data.arrays import ArrayTable
from kspec.data.dataset import from_tables
from kspec.data.declaration import DataDeclaration, declaration_from_json, declaration_to_json
from kspec.data.example_weights import ClassWeight, class_numbers
from kspec.data.fields import FieldType
from kspec.diagnostics import SpecError

KIND = FieldType("kind", "i32", (), None, is_class=True)


def weights(values: list, given: tuple | None, split: str = "train") -> list[float]:
    """The weights of the examples of an open class."""
    declaration = DataDeclaration((KIND,), None, {}, class_weight=ClassWeight("kind", "w", given))
    table = ArrayTable({"kind": np.array(values)}, "the data")
    return from_tables(declaration, {split: table}).splits[split].arrays["w"].tolist()


def test_classes_have_weights_by_name():
    assert weights(["b", "a", "c", "b"], (("b", 0.5), ("c", 2.0))) == [0.5, 1, 2, 0.5]


def test_numbers_mean_the_classes_in_their_order_where_names_are_words():
    assert weights(["b", "a", "b"], (("1", 0.5),)) == [0.5, 1, 0.5]


def test_numbers_are_names_where_a_name_is_a_number():
    assert weights([7, 3, 7, 1], (("7", 0.5), ("1", 2.0))) == [0.5, 1, 0.5, 2]
    with pytest.raises(SpecError) as caught:
        weights([7, 3, 1], (("0", 0.5),))
    assert [d.code for d in caught.value.diagnostics] == ["E517"]


def test_balanced_classes_weigh_the_same_together():
    found = np.array(weights(["a", "b", "b", "b", "c", "c"], None))
    np.testing.assert_allclose(found, np.array([6, 2, 2, 2, 3, 3]) / 3, rtol=1e-6)


@pytest.mark.parametrize("given", [None, (("b", 0.5),)])
def test_only_training_is_weighed(given):
    assert weights(["a", "b", "b"], given, "validation") == [1, 1, 1]


def test_a_label_with_a_number_for_each_class_means_the_largest():
    assert class_numbers(np.array([[0.1, 0.7, 0.2], [1, 0, 0]])).tolist() == [1, 0]
    assert class_numbers(np.array([[1.0], [0.0]])).tolist() == [1, 0]
    assert class_numbers(np.array([0.9, 0.2])).tolist() == [1, 0]


@pytest.mark.parametrize("given", [None, (("b", 0.5), ("c", 1 / 3))])
def test_a_plan_keeps_them(given):
    weighed = FieldType("w", "f32", ()).replace(weighs=True)
    weight = ClassWeight("kind", "class_weight", given)
    declaration = DataDeclaration((KIND, weighed), None, {"train": 1.0}, 3, weight)
    assert declaration_from_json(declaration_to_json(declaration)) == declaration


def test_weights_are_asked_for_where_a_model_is_evaluated_but_not_where_it_predicts():
    text = """
    data d {
      source = arrays()
      x : f32[2]
      w : f32
      label : class[2]
    }
    model Net {
      input x : f32[2]
      output y = x -> dense(2, softmax)
    }
    train {
      model = Net
      data = d
      loss = sparse_categorical_crossentropy(label, y)
      sample_weight = w
      class_weight = balanced
      optimizer = sgd(0.1)
    }
    """
    run = kspec.compile_text(text).init()
    x, label = np.ones((3, 2), np.float32), np.array([0, 1, 1])
    assert run.predict({"x": x})["y"].shape == (3, 2)
    with pytest.raises(SpecError) as caught:
        run.evaluate({"x": x, "label": label})
    assert [d.code for d in caught.value.diagnostics] == ["E504"]
    even = run.evaluate({"x": x, "label": label, "w": np.ones(3, np.float32)})["loss"]
    double = run.evaluate({"x": x, "label": label, "w": np.full(3, 2, np.float32)})["loss"]
    assert double == pytest.approx(2 * even)
