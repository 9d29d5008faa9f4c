"""`augment` lines: on in training, off elsewhere, with the fields' own types."""

from __future__ import annotations

import numpy as np

import kspec

TEXT = """
data d {{
  source = arrays()
  image : {type}
  label : class[2]
  augment {line}
}}

model Net {{
  input image : {type}
  output y = image -> cast(f32) -> flatten -> dense(1)
}}

train {{
  model = Net
  data = d
  loss = mean(square(y))
  metrics = {{ seen: mean({seen}) }}
  optimizer = sgd(0.0)
  batch = 8
}}
"""


def seen(line: str, expression: str, type: str = "f32[4, 4]") -> tuple[float, float]:
    """The mean of an expression in training and in validation, where all images are 100."""
    text = TEXT.format(line=line, type=type, seen=expression)
    dtype = np.uint8 if type.startswith("u8") else np.float32
    part = {"image": np.full((20, 4, 4), 100, dtype), "label": np.arange(20) % 2}
    run = kspec.compile_text(text).fit({"train": part, "validation": part}, quiet=True)
    record = run.history[0]
    return record["train"]["seen"], record["validation"]["seen"]


def test_augmentations_are_off_outside_of_training():
    train, validation = seen("image -> random_brightness((0.1, 0.2))", "mean(image, axis=(-1, -2))")
    assert 125 <= train <= 152  # in a range of values from 0 to 255
    assert validation == 100


def test_lines_of_a_field_follow_each_other():
    lines = "image -> random_brightness((0.1, 0.1))\n  " * 2
    train, validation = seen(
        lines.replace("  image", "  augment image").rstrip(), "mean(image, axis=(-1, -2))"
    )
    assert abs(train - 151) < 0.01
    assert validation == 100


def test_a_field_of_whole_numbers_stays_one():
    """0 where all numbers are whole, though the noise is not."""
    expression = "mean(abs(cast(image, f32) - round(cast(image, f32))), axis=(-1, -2))"
    line = "image -> random_brightness((0.1, 0.2))"
    assert seen(line, expression, "u8[4, 4]") == (0, 0)
    assert seen(line, expression)[0] > 0.1


def test_numbers_end_at_the_limits_of_their_type():
    train, _ = seen(
        "image -> random_brightness((1, 1), value_range=(0, 900))",
        "mean(cast(image, f32), axis=(-1, -2))",
        "u8[4, 4]",
    )
    assert train == 255


def test_classes_that_are_mixed_are_probabilities():
    train, validation = seen("image, label -> mix_up(0.4)", "max(label)")
    assert 0.5 < train < 1
    assert validation == 1
    train, validation = seen("image, label -> mix_up(0.4)", "sum(label)")
    assert abs(train - 1) < 1e-6


def test_a_field_that_is_only_a_label_can_be_augmented():
    text = TEXT.replace("loss = mean(square(y))", "loss = square(target) + mean(square(y))")
    text = text.replace("  label : class[2]", "  target : f32[]\n  label : class[2]")
    text = text.format(line="target -> gaussian_noise(1)", type="f32[4, 4]", seen="square(target)")
    part = {
        "image": np.zeros((400, 4, 4), np.float32),
        "label": np.zeros(400, int),
        "target": np.zeros(400, np.float32),
    }
    run = kspec.compile_text(text).fit({"train": part, "validation": part}, quiet=True)
    assert 0.8 < run.history[0]["train"]["seen"] < 1.2
    assert run.history[0]["validation"]["seen"] == 0
