"""Golden files: compared here, rewritten by `pytest --update-golden`, never in CI."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kspec.runtime.signals import ASKING
from tests.xla import hurry

os.environ.setdefault("KERAS_BACKEND", "jax")
hurry()  # slow tests, which train, are started with XLA_FLAGS set to nothing
os.environ.setdefault("JAX_PLATFORMS", os.environ.get("KSPEC_TEST_PLATFORM", "cpu"))

TESTS = Path(__file__).parent
SPECS = TESTS.parent / "specs"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Rewrite the golden files.")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-golden") and os.environ.get("CI"):
        raise pytest.UsageError("golden files are not updated in CI")


@pytest.fixture(scope="session", autouse=True)
def heard() -> Iterator[None]:
    """Signals that are ignored here, as under `nohup` or a shell's `&`, processes would ignore."""
    ignored = [each for each in ASKING if signal.getsignal(each) is signal.SIG_IGN]
    for each in ignored:
        signal.signal(each, signal.SIG_DFL)
    yield
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """What a module compiled is forgotten behind it: else all that comes later gets slower.

    Commands that ran in this process have asked JAX to keep programs on the disk, too.
    """
    yield
    if (jax := sys.modules.get("jax")) is not None:
        jax.config.update("jax_compilation_cache_dir", None)
        jax.clear_caches()
        gc.collect()


@pytest.fixture
def updating(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def golden(updating: bool) -> Callable[[Path, str], None]:
    """Compare a text with a golden file, or rewrite the file."""

    def compare(path: Path, text: str) -> None:
        if updating:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"golden file missing: {path}"
        assert text == path.read_text(encoding="utf-8")

    return compare
