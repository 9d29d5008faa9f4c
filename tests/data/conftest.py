"""Images that the data tests read, and a cache of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch) -> Path:
    """An empty cache folder."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "kspec"


def picture(seed: int, height: int = 13, width: int = 17, channels: int = 3) -> Image.Image:
    """Noise of that size."""
    shape = (height, width, channels)[: 3 if channels > 1 else 2]
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, np.uint8))


@pytest.fixture
def flowers(tmp_path) -> Path:
    """A spec's folder with a folder of images, two or three a class."""
    for number, name in enumerate(["tulip/b.png", "tulip/a.jpg", "rose/deep/er/c.bmp"]):
        path = tmp_path / "flowers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number, height=9 + number).save(path)
    picture(7, channels=1).save(tmp_path / "flowers" / "rose" / "Gray.PNG")
    picture(8, channels=4).save(tmp_path / "flowers" / "daisy.png")
    (tmp_path / "flowers" / "daisy").mkdir()
    (tmp_path / "flowers" / "daisy.png").rename(tmp_path / "flowers" / "daisy" / "d.png")
    picture(9).save(tmp_path / "flowers" / "daisy" / "e.gif")
    (tmp_path / "flowers" / "LICENSE.txt").write_text("of the images")
    (tmp_path / "flowers" / ".hidden").mkdir()
    (tmp_path / "flowers" / "rose" / "._Gray.PNG").write_bytes(b"of another system")
    return tmp_path
