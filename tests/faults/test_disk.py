"""A disk that fails, and a death before a call of a save; sampled here, all in `tests.faults`."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.faults.catalog import fault
from tests.faults.runs import at_length, checkpoints, do, do_alone, environment, result

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="the shim is C")
CLEAN = "E610 and exit code 1; no part of a file is left; the run goes on, bit-same"


def swept(tmp_path, what: str, every: int, first: int) -> str:
    options = ("--what", what, "--every", str(every), "--first", str(first))
    return at_length(tmp_path, "disk", *options, seconds=1500)


@fault(
    "F02",
    "death before every 90th call that changes a file (`tests.faults disk`: all)",
    "the old state or the new one; resumed it is bit-same",
)
@fault("F10", "every 90th call that writes, and all after it, give ENOSPC", CLEAN)
def test_death_before_a_call_and_a_full_disk(tmp_path):
    assert "0 wrong" in swept(tmp_path, "death,ENOSPC", 90, 41)


@fault(
    "F11", "a call that writes, and all after it, give EIO, EROFS, EACCES, EDQUOT or EMFILE", CLEAN
)
@pytest.mark.slow
def test_a_disk_that_fails(tmp_path):
    assert "0 wrong" in swept(tmp_path, "EIO,EROFS,EACCES,EDQUOT,EMFILE", 25, 3)


@fault(
    "F44",
    "stdout and stderr are closed, full, or a pipe that nobody reads",
    "training is unaffected",
)
@pytest.mark.parametrize("sink", ["1>/dev/full 2>/dev/full", "1>&- 2>&-", "2>&1 | head -c 1"])
def test_nobody_hears(folder, whole, sink):
    place = folder.parents[2]
    shutil.rmtree(checkpoints(folder)[-1])
    command = f"{sys.executable} -m kspec resume {folder} {sink}"
    subprocess.run(command, shell=True, cwd=place, env=environment(), capture_output=True)
    assert result(folder) == whole


@fault(
    "F41",
    "every file of the caches of programs and data has a flipped bit",
    "they are made anew; bit-same",
)
def test_damaged_caches(folder, whole, tmp_path):
    place = folder.parents[2]
    cache = tmp_path / "cache"
    first = do_alone(place, "run", "net.kspec", "--quiet", XDG_CACHE_HOME=str(cache))
    assert first.returncode == 0, first.stderr
    files = [path for path in cache.rglob("*") if path.is_file()]
    assert files
    for path in files:
        text = bytearray(path.read_bytes())
        text[len(text) // 2] ^= 4
        path.write_bytes(text)
    shutil.rmtree(checkpoints(folder)[-1])
    again = do_alone(place, "resume", str(folder), XDG_CACHE_HOME=str(cache))
    assert again.returncode == 0, again.stderr
    assert "Traceback" not in again.stderr
    assert result(folder) == whole


@fault(
    "F42",
    "the data file changes under the same name, with a cache from before",
    "the new content is read; E652",
)
def test_a_cache_of_other_content_is_not_used(folder, tmp_path, monkeypatch):
    place = folder.parents[2]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("kspec.data.parsed.SMALL", 0)  # else a file of this size is not kept
    first = do(place, "run", "net.kspec", "--quiet")
    assert first.returncode == 0 and list((tmp_path / "cache").rglob("*.npy"))
    data = place / "points.csv"
    head, *rows = data.read_text(encoding="utf-8").splitlines()
    data.write_text("\n".join([head, *reversed(rows)]) + "\n", encoding="utf-8")
    done = do(place, "resume", str(folder))
    assert done.returncode == 1
    assert "error[E652]" in done.stderr


@fault("F48", "a library warns while `--json` is asked for", "stdout is one JSON object")
def test_stdout_is_for_data(folder):
    import json

    done = do_alone(folder.parents[2], "resume", str(folder), "--json", PYTHONWARNINGS="always")
    assert json.loads(done.stdout)["status"] == "finished"
