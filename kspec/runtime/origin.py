"""What a run began with: `kspec.lock`, by which a run that goes on is the same run.

It is written once, before the first update. `kspec resume` compares program, data and files of
weights with it, and refuses what would make another run; other versions of libraries it says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from kspec.data.dataset import Dataset, Split
from kspec.data.paths import resolve
from kspec.diagnostics import Diagnostic, SpecError
from kspec.diagnostics.errors import DataChanged, RunFolderBroken
from kspec.diagnostics.lints import OtherVersions
from kspec.files import write_text
from kspec.plan_text import PLAN, PYTHON
from kspec.runtime.bundle import Bundle
from kspec.runtime.environment import environment
from kspec.runtime.manifest import Damaged, seal, sha256_of, unseal
from kspec.runtime.snapshot import Owner

NAME: Final = "kspec.lock"
FORMAT: Final = 1
PROGRAM: Final = (PYTHON, PLAN)  # the files that say what a step does
PART: Final = 2**24  # bytes that are hashed at once
LARGEST: Final = 2**30  # bytes of fields that are hashed one by one, to name what changed
KIND = dict[str, Any]


def begin(
    folder: Path, run: str, bundle: Bundle, dataset: Dataset | None, spec: Mapping[str, Any] | None
) -> KIND:
    """Write down what a run begins with, after its program was written.

    Args:
        folder: The run folder.
        run: The id of the run.
        bundle: Its program.
        dataset: Its data; None where a run in memory is saved.
        spec: Where its spec is and what `--set` and `--train` made of it, if that is known.
    """
    lock: KIND = {
        "format": FORMAT,
        "run": run,
        "program": _text_hash(bundle.python),
        "files": hashes_of(folder),
        "spec": None if spec is None else dict(spec),
        "data": None if dataset is None else _about_data(dataset),
        "loads": _loads(bundle),
        "versions": environment(),
    }
    write_text(folder / NAME, seal(lock))
    return lock


def read(folder: Path) -> KIND:
    """What a run began with. Raises SpecError where that, or the program, is missing or damaged."""
    try:
        lock = unseal((folder / NAME).read_bytes(), FORMAT)
        changed = [n for n, digest in lock["files"].items() if sha256_of(folder / n) != digest]
    except FileNotFoundError as error:
        raise _broken(folder, f"`{Path(str(error.filename)).name}` is missing") from None
    except Damaged as damage:
        raise _broken(folder, f"`{NAME}` {damage}") from None
    except OSError as error:
        raise _broken(folder, str(error)) from None
    if changed:
        raise _broken(folder, f"`{changed[0]}` is not what the run began with")
    return lock


def rewrite_program(folder: Path, lock: KIND) -> None:
    """Let a program that was written anew be that of the run, whose checkpoints stay its own."""
    write_text(folder / NAME, seal({**lock, "files": hashes_of(folder)}))


def owner(lock: KIND) -> Owner:
    """Whose checkpoints are those of a run."""
    return Owner(lock["run"], lock["program"])


def hashes_of(folder: Path) -> dict[str, str]:
    """The hashes of a program's files."""
    return {name: sha256_of(folder / name) for name in PROGRAM}


def compare_versions(lock: KIND) -> tuple[Diagnostic, ...]:
    """A warning where a run goes on with other versions, or elsewhere."""
    then: Mapping[str, str] = lock["versions"]
    now = environment()
    changed = [name for name in now if then.get(name, "none") != now[name]]
    if not changed:
        return ()
    before, after = (
        ", ".join(f"{name} {versions.get(name, 'none')}" for name in changed)
        for versions in (then, now)
    )
    return (OtherVersions(span=None, before=before, after=after),)


def compare_data(lock: KIND, bundle: Bundle, dataset: Dataset) -> None:
    """Raises SpecError where the data, or a file that weights are loaded from, is another."""
    then = lock["data"]
    what = ""
    if then is not None and then["fingerprint"] != dataset.fingerprint:
        what = _difference(then["splits"], _about_data(dataset)["splits"])
    if what:
        span = bundle.places.sources.get("source")
        raise SpecError((DataChanged(span=span, what=what, spec=bundle.plan.spec),))


def compare_loads(lock: KIND, bundle: Bundle) -> None:
    """Raises SpecError where a file that weights were loaded from is another."""
    now = _loads(bundle)
    for path, digest in lock["loads"].items():
        if now.get(path) != digest:
            span = bundle.places.sources.get(f"load {path}")
            what = f"`{path}` has other content"
            raise SpecError((DataChanged(span=span, what=what, spec=bundle.plan.spec),))


def _difference(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What is different; empty where the fields that are read are the same."""
    for split in dict.fromkeys((*then, *now)):
        if split not in now or split not in then:
            return f"the split `{split}` {'is new' if split in now else 'is gone'}"
        old, new = then[split], now[split]
        if old["rows"] != new["rows"]:
            return f"`{split}` has {new['rows']:,} rows, and had {old['rows']:,}"
        for field in dict.fromkeys((*old["fields"], *new["fields"])):
            if field not in new["fields"] or field not in old["fields"]:
                return f"the field `{field}` {'is new' if field in new['fields'] else 'is gone'}"
            if old["fields"][field] != new["fields"][field]:
                return f"`{field}` of `{split}` has other values"
            if old["fields"][field] is None:
                return f"the files of `{split}` have other content"
        if old["classes"] != new["classes"]:
            return f"the classes of `{split}` have other names"
    return ""


def _about_data(dataset: Dataset) -> KIND:
    return {
        "fingerprint": dataset.fingerprint,
        "splits": {name: _about_split(split) for name, split in dataset.splits.items()},
    }


def _about_split(split: Split) -> KIND:
    small = sum(array.nbytes for array in split.arrays.values()) <= LARGEST
    return {
        "rows": len(split),
        "fields": {name: _hash(array) if small else None for name, array in split.arrays.items()},
        "classes": {name: list(words) for name, words in split.class_names.items()},
    }


def _hash(array: NDArray[Any]) -> str:
    """Of type, shape and content, which is taken in parts: it may be in a file."""
    digest = hashlib.sha256(f"{array.dtype} {array.shape}".encode())
    step = max(1, PART // max(1, array.nbytes // max(1, len(array))))
    for start in range(0, len(array), step):
        digest.update(array[start : start + step].tobytes())
    return digest.hexdigest()


def _loads(bundle: Bundle) -> dict[str, str]:
    """The hashes of the files that weights are loaded from; what is not there has none."""
    found: dict[str, str] = {}
    for _, path in bundle.plan.loads:
        try:
            found[path] = sha256_of(resolve(bundle.folder, path))
        except (OSError, SpecError):
            continue
    return found


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _broken(folder: Path, reason: str) -> SpecError:
    return SpecError((RunFolderBroken(span=None, path=folder.as_posix(), reason=reason),))
