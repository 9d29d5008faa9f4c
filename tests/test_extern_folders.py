"""Functions of Python files in run folders and compiled folders: copies, hashes, permission."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kspec as package
from kspec.diagnostics import SpecError
from kspec.runtime import origin
from kspec.runtime.manifest import unseal
from tests.test_extern import OPS, codes, kspec, place

__all__ = ["place"]


@pytest.fixture
def ran(place: Path) -> Path:
    """A run folder, stopped after an epoch."""
    options = ("--allow-extern", "--set", "train.epochs=1", "--json", "-q")
    done = kspec("run", "net.kspec", *options, cwd=place)
    return place / json.loads(done.stdout)["run"]


def reseal(ran):
    """Let `kspec.lock` agree with what was done to the program."""
    origin.rewrite_program(ran, unseal((ran / "kspec.lock").read_bytes(), origin.FORMAT))


def test_a_run_has_its_own_copy_and_goes_on_with_it(place, ran):
    about = json.loads((ran / "run.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(OPS.encode()).hexdigest()
    assert about["allow_extern"] is True and about["externs"] == {"ops.py": digest}
    assert (ran / "extern_ops.py").read_text(encoding="utf-8") == OPS
    (place / "ops.py").write_text(OPS.replace("swish", "swash"), encoding="utf-8")  # its spec's
    np.savez(place / "new.npz", x=np.ones((3, 4), np.float32))
    for command in (("resume", ran, "-q"), ("eval", ran), ("predict", ran, "--input", "new.npz")):
        done = kspec(*command, cwd=place, code=1)
        assert "error[E617]" in done.stderr and "extern" in done.stderr
        assert kspec(*command, "--allow-extern", cwd=place).stdout
    with pytest.raises(SpecError) as error:
        package.load(ran)
    assert codes(error) == {"E617"}
    assert package.load(ran, allow_extern=True).history


def test_a_stopped_run_goes_on_as_if_it_never_stopped(place):
    whole = package.compile(place / "net.kspec", allow_extern=True).fit(quiet=True)
    part = package.compile(place / "net.kspec", allow_extern=True)
    part.fit(epochs=1, quiet=True).save(place / "part")
    rest = package.load(place / "part", allow_extern=True).fit(epochs=2, quiet=True)
    for path, weight in whole.weights.items():
        assert np.array_equal(weight, rest.weights[path]), path


def test_a_changed_copy_does_not_run(place, ran):
    copy = ran / "extern_ops.py"
    copy.write_text(OPS + "open('trap', 'w').close()\n", encoding="utf-8")
    for command in (("resume", ran), ("eval", ran), ("predict", ran, "--input", "pairs.npz")):
        done = kspec(*command, "--allow-extern", cwd=place, code=1)
        assert "error[E618]: `extern_ops.py`, a copy of `ops.py`, is not the file" in done.stderr
    plan = json.loads((ran / "plan.json").read_text(encoding="utf-8"))
    for each in plan["externs"]:
        each["sha256"] = hashlib.sha256(copy.read_bytes()).hexdigest()
    (ran / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    reseal(ran)
    with pytest.raises(SpecError, match="the run began with") as error:
        package.load(ran, allow_extern=True)
    assert codes(error) == {"E618"}
    copy.unlink()
    with pytest.raises(SpecError, match="E618"):
        package.load(ran, allow_extern=True)
    assert not (place / "trap").exists()


def test_a_plan_names_no_other_function(place, ran):
    """`jax` is imported in the file, and is no function that is defined in it."""
    for name in ("jax", "swash"):
        text = (ran / "plan.json").read_text(encoding="utf-8")
        (ran / "plan.json").write_text(text.replace('"swish"', f'"{name}"'), encoding="utf-8")
        reseal(ran)
        with pytest.raises(SpecError, match=f"has no function `{name}`"):
            package.load(ran, allow_extern=True)
        (ran / "plan.json").write_text(text, encoding="utf-8")
    reseal(ran)
    assert package.load(ran, allow_extern=True)


def test_a_compiled_folder_is_used_until_the_file_changes(place):
    kspec("compile", "net.kspec", "--allow-extern", cwd=place)
    model = place / "build" / "net" / "extern_ops.py"
    assert "E617" in kspec("run", "build/net", cwd=place, code=1).stderr
    kspec("run", "build/net", "--allow-extern", "-q", cwd=place)
    changed = OPS.replace("* jax.nn.sigmoid(x)", "* jax.nn.sigmoid(1.5 * x)")
    (place / "ops.py").write_text(changed, encoding="utf-8")
    kspec("run", "net.kspec", "--allow-extern", "-q", cwd=place)
    assert model.read_text(encoding="utf-8") == changed


def test_the_compiled_folder_stands_alone(place):
    kspec("compile", "net.kspec", "--allow-extern", "-o", "alone", cwd=place)
    code = "import jax, model; s = model.init(jax.random.key(0)); import numpy as np\n"
    code += "print(model.predict(s, {'x': np.ones((2, 4), np.float32)})['z'].shape)\n"
    code += "import sys; print('kspec' in sys.modules)"
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, '.')\n{code}"]
    done = subprocess.run(
        command, cwd=place / "alone", env={"PATH": ""}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["(2,", "2)", "False"]
