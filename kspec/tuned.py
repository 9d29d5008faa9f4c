"""What `kspec tune` has measured, in a file of the user's cache folder for each machine.

The file is called by what the measurements depend on beside the ops themselves: the machine as it
is known without JAX, and the versions of kspec and jaxlib. It holds that again, the device that
was measured on, and for each op the way that is taken, and the seconds of an update by each way.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

import kspec
from kspec.data.cache import cache_folder
from kspec.diagnostics import Diagnostic
from kspec.diagnostics.lints import TunedUnreadable
from kspec.diagnostics.record import Node
from kspec.files import write_json
from kspec.scripts import sha256

FOLDER: Final = "tuned"
VECTORS: Final = ("amx_tile", "avx512f", "avx2")  # the widest first
SETTINGS: Final = ("JAX_PLATFORMS", "XLA_FLAGS")  # of the environment, which XLA heeds
GPUS: Final = "/proc/driver/nvidia/gpus"
LARGEST: Final = 2**24  # bytes of a file
Seconds = Mapping[str, float]


class Table(Node):
    """What was measured on a machine.

    Attributes:
        choices: The way that is taken, by the key of an op.
        seconds: An update by each way, by the key of an op.
        warnings: Why there is nothing, where there is a file.
    """

    choices: Mapping[str, str] = MappingProxyType({})
    seconds: Mapping[str, Seconds] = MappingProxyType({})
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def digest(self) -> str:
        """What changes when a choice does; empty without any."""
        return sha256(json.dumps(dict(sorted(self.choices.items())))) if self.choices else ""


def here() -> dict[str, str]:
    """What measurements depend on beside the ops, as far as it is known without JAX."""
    from importlib import metadata  # here, as it takes long, and most commands do not need it

    return {
        "machine": machine(),
        **{name: os.environ.get(name, "") for name in SETTINGS},
        "kspec": kspec.__version__,
        "jaxlib": metadata.version("jaxlib"),
    }


def machine() -> str:
    """Processor, cores and GPUs."""
    gpus = [f", {name}" for name in accelerators()]
    return f"{processor()}, {os.cpu_count()} cores{''.join(gpus)}"


def processor() -> str:
    """As the system calls it, with the widest of its vector instructions."""
    facts = _facts(Path("/proc/cpuinfo"))
    flags = facts.get("flags", "").split()
    vectors = next((each for each in VECTORS if each in flags), platform.machine())
    return f"{facts.get('model name', platform.processor() or platform.machine())} ({vectors})"


def accelerators() -> list[str]:
    """The names of the GPUs, as their driver gives them; and that there are TPUs."""
    found = (_facts(path) for path in sorted(Path(GPUS).glob("*/information")))
    tpus = sorted(Path("/dev").glob("accel*"))
    return [*(each.get("Model", "GPU") for each in found), *("TPU" for _ in tpus)]


def _facts(path: Path) -> dict[str, str]:
    """The `name: value` lines of a file of the system; nothing where there is none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def table_file() -> Path | None:
    """The file of this machine; None for a user without a home."""
    folder = cache_folder()
    if folder is None:
        return None
    return folder / FOLDER / f"{sha256(json.dumps(here()))[:16]}.json"


def read_table() -> Table:
    """What was measured on this machine; what is damaged or of another one is passed over."""
    folder = cache_folder()
    if folder is None or not (folder / FOLDER).is_dir():
        return Table()
    file = table_file()
    assert file is not None
    try:
        with file.open("rb") as opened:
            raw = json.loads(opened.read(LARGEST))
        found = _checked(raw)
    except FileNotFoundError:
        return Table()
    except OSError as error:
        return _unreadable(file, error.strerror or "it cannot be read")
    except (ValueError, RecursionError):
        return _unreadable(file, "it is damaged")
    if any(raw[name] != value for name, value in here().items()):
        return _unreadable(file, "it was measured elsewhere")
    return found


def _checked(raw: Any) -> Table:
    """A file's content. Raises ValueError where it is none."""
    try:
        measured = cast("dict[str, dict[str, Any]]", raw["measured"])
        choices = {key: row["chosen"] for key, row in measured.items()}
        seconds = {key: dict(row["seconds"]) for key, row in measured.items()}
        for key, way in choices.items():
            if not isinstance(way, str) or way not in seconds[key]:
                raise ValueError(f"{way!r} was not measured")
            if not all(isinstance(each, float) and each > 0 for each in seconds[key].values()):
                raise ValueError("what was measured are no seconds")
        if not {*here(), "device"} <= set(raw):
            raise ValueError("it does not say where it was measured")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no table: {error!r}") from None
    return Table(choices, seconds)


def _unreadable(file: Path, reason: str) -> Table:
    return Table(warnings=(TunedUnreadable(span=None, path=file.as_posix(), reason=reason),))


def remember(
    choices: Mapping[str, str], seconds: Mapping[str, Seconds], device: str
) -> Path | None:
    """Add measurements to the file of this machine. Raises SpecError.

    Args:
        choices: The way that is taken, by the key of an op.
        seconds: An update by each way, by the key of an op.
        device: What they were made on, as JAX calls it.

    Returns:
        The file; None for a user without a home.
    """
    file = table_file()
    if file is None:
        return None
    before = read_table()
    choices = {**before.choices, **choices}
    seconds = {**before.seconds, **seconds}
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_json(file, content(choices, seconds, device))
    return file


def content(
    choices: Mapping[str, str], seconds: Mapping[str, Seconds], device: str
) -> dict[str, Any]:
    """What a file has: as `remember`."""
    measured = {
        key: {
            "chosen": choices[key],
            "seconds": {way: float(f"{each:.4g}") for way, each in seconds[key].items()},
        }
        for key in sorted(choices)
    }
    return {**here(), "device": device, "measured": measured}
