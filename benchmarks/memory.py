"""What training on data larger than memory holds of it.

    python benchmarks/memory.py [--gigabytes 10]

Images of noise whose brightness tells their class are written to a file of a temporary folder.
`kspec run` trains an epoch on 90 % of them, chosen at random, and its resident memory is read
from the system ten times a second. So is that of the same run on a few images, which is what
the program takes by itself. Linux only.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

FEW = 5_000  # images of the small run
SIDE = 64
PART = 10_000  # images that are made at once
SPEC = """data noise {
  source = npy(image="image.npy", label="label.npy")
  split  = { train: 90%, validation: 10% }
  image : u8[64, 64, 3]
  label : class[10]
}

model Brightness {
  input  image : u8[64, 64, 3]
  output digit = image -> rescaling(1/255) -> average_pooling2d(8) -> flatten -> dense(10, softmax)
}

train {
  model     = Brightness
  data      = noise
  loss      = sparse_categorical_crossentropy(label, digit)
  metrics   = [sparse_categorical_accuracy(label, digit)]
  optimizer = adam(1e-2)
  batch     = 256
  epochs    = 1
}
"""


def main() -> None:
    """Measure both runs, and print what they took."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gigabytes", type=float, default=10)
    images = int(options.parse_args().gigabytes * 1e9 / (SIDE * SIDE * 3))
    print(f"{'':10} {'data':>10} {'peak':>9} {'own':>9} {'seconds':>9}")
    for name, count in (("few", FEW), ("many", images)):
        with tempfile.TemporaryDirectory() as folder:
            size = write(Path(folder), count)
            resident, own, seconds = measure(Path(folder))
        print(f"{name:10} {size / 1e9:7.2f} GB {resident:6.2f} GB {own:6.2f} GB {seconds:9.1f}")
    print("peak: all resident pages; own: those that are no pages of files")


def write(folder: Path, count: int) -> int:
    """The spec and its data; how many bytes the images are."""
    (folder / "noise.kspec").write_text(SPEC, encoding="utf-8")
    images = open_memmap(folder / "image.npy", "w+", np.uint8, (count, SIDE, SIDE, 3))
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, count)
    for first in range(0, count, PART):
        part = labels[first : first + PART].astype(np.uint8)
        noise = rng.integers(0, 128, (len(part), SIDE, SIDE, 3), dtype=np.uint8)
        images[first : first + PART] = noise + 12 * part[:, None, None, None]
    images.flush()
    np.save(folder / "label.npy", labels)
    return images.nbytes


def measure(folder: Path) -> tuple[float, float, float]:
    """The peaks of resident memory in GB, with and without pages of files, and the seconds."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "kspec", "run", str(folder / "noise.kspec"), "--quiet"]
    resident = own = 0
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            found = {name: int(kb) for name, kb in re.findall(r"(\w+):\s+(\d+) kB", status)}
            resident = max(resident, found.get("VmRSS", 0))
            own = max(own, found.get("RssAnon", 0))
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"kspec run ended with {process.returncode}")
    return resident / 1e6, own / 1e6, time.perf_counter() - began


if __name__ == "__main__":
    main()
