"""A run on a folder of images from the command line: trained, evaluated, and asked."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import kspec
from kspec.cli import main

SPEC = """\
data shades {
  source = image_folder("shades", size=(8, 8), interpolation=nearest)
  split  = { train: 75%, validation: 25% }
  image : u8[8, 8, 3]
  label : class
}

model Net {
  input image : u8[8, 8, 3]
  output shade = image
    -> rescaling(1/255)
    -> conv2d(4, 3, activation=relu)
    -> max_pooling2d(2)
    -> flatten
    -> dense(3, softmax)
}

train {
  model     = Net
  data      = shades
  loss      = sparse_categorical_crossentropy(label, shade)
  metrics   = [sparse_categorical_accuracy(label, shade)]
  optimizer = adam(0.03)
  batch     = 8
  epochs    = 12
}
"""
SHADES = {"blue": 2, "green": 1, "red": 0}  # and their channels


def invoke(*args: str):
    """One command."""
    return CliRunner().invoke(main, list(args))


@pytest.fixture
def shades(tmp_path, monkeypatch):
    """A folder with a spec, and images of three colors in folders."""
    rng = np.random.default_rng(0)
    for name, channel in SHADES.items():
        folder = tmp_path / "shades" / name
        folder.mkdir(parents=True)
        for number in range(16):
            image = rng.integers(0, 90, (20, 30, 3), np.uint8)
            image[..., channel] += 150
            Image.fromarray(image).save(folder / f"{number:02}.png")
    (tmp_path / "shades.kspec").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_of_images_is_trained_on_and_predicted(shades):
    done = invoke("run", "shades.kspec", "--quiet", "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert summary["metrics"]["validation"]["sparse_categorical_accuracy"] == 1.0
    (run,) = (shades / "runs" / "shades").iterdir()
    assert json.loads((run / "run.json").read_text())["class_names"] == {"label": sorted(SHADES)}
    evaluated = invoke("eval", str(run), "--json")
    assert json.loads(evaluated.stdout)["metrics"].keys() == {"train", "validation"}

    answers = invoke("predict", str(run), "--input", "shades")
    rows = [json.loads(line) for line in answers.stdout.splitlines()]
    assert len(rows) == 48
    for row in rows:
        assert row["shade_class"] == row["file"].split("/")[1], row["file"]
    one = invoke("predict", str(run), "--input", "shades/red/07.png")
    assert json.loads(one.stdout)["shade"] == pytest.approx(rows[39]["shade"], rel=1e-5)
    assert rows[39]["file"] == "shades/red/07.png"
    invoke("predict", str(run), "--input", "shades/red", "--output", "red.npz")
    with np.load("red.npz") as arrays:
        assert arrays["file"][3] == "shades/red/03.png" and arrays["shade"].shape == (16, 3)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("empty", "it has no images"),
        ("shades.kspec", "`.kspec` files are not read"),
        ("nowhere.png", "there is no file"),
        ("broken.png", "no image of a known format"),
        ("shades/pipe.png", "there is no file"),
    ],
)
def test_what_cannot_be_predicted_is_said(shades, path, reason):
    (shades / "empty").mkdir()
    (shades / "broken.png").write_text("words")
    program = kspec.compile("shades.kspec")
    program.init().save("run")
    done = invoke("predict", "run", "--input", path)
    assert done.exit_code == 1 and done.exception.__class__ is SystemExit
    assert path in done.output and reason in done.output


def test_a_model_without_images_takes_none(shades):
    text = SPEC.replace("image : u8[8, 8, 3]", "image : f32[8, 8, 3]")
    shutil.copy("shades/red/00.png", "a.png")
    kspec.compile_text(text, folder=shades).init().save("run")
    done = invoke("predict", "run", "--input", "a.png")
    assert done.exit_code == 1
    assert "E606" in done.output and "images are u8[height, width, channels]" in done.output


def test_a_bad_image_is_shown_at_the_source_and_leaves_no_run(shades):
    (shades / "shades" / "red" / "zz.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    done = invoke("run", "shades.kspec", "--quiet")
    assert done.exit_code == 1
    assert "error[E502]: `shades/red/zz.jpg` cannot be read" in done.output
    assert "shades.kspec:2:12" in done.output
    assert not (shades / "runs").exists()
