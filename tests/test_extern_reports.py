"""What functions of Python files do wrong, and what is told of it (E619)."""

from __future__ import annotations

import numpy as np
import pytest

import kspec as package
from kspec.diagnostics import SpecError
from tests.test_extern import OPS, codes, kspec, place

__all__ = ["place"]

WRONG = {
    "another shape": ("return x[:1]", "gives f32[1], not f32[8]"),
    "another type": ("return x.astype(jnp.int32)", "gives i32[8], not f32[8]"),
    "nothing": ("return None", "gives nothing, not f32[8]"),
    "a dict": ("return {'x': x}", "gives a dict, not f32[8]"),
    "a number": ("return 1.0", "gives f32[], not f32[8]"),
    "a tuple": ("return (x,)", "gives a tuple, not f32[8]"),
    "an error": ("raise KeyError('no')", "KeyError: 'no' (line 6 of `ops.py`)"),
    "an exit": ("raise SystemExit", "SystemExit (line 6 of `ops.py`)"),
    "a condition": ("return x if x.sum() > 0 else -x", "TracerBoolConversionError"),
    "a name": ("return y", "NameError: name 'y' is not defined"),
}


@pytest.mark.parametrize(("body", "reason"), WRONG.values(), ids=WRONG)
def test_what_a_function_does_wrong_is_reported_before_training(place, body, reason):
    text = OPS.replace("return x * jax.nn.sigmoid(x)", body)
    (place / "ops.py").write_text(text, encoding="utf-8")
    done = kspec("run", "net.kspec", "--allow-extern", cwd=place, code=1)
    assert "error[E619]: `swish` of `ops.py` " in done.stderr and reason in done.stderr
    assert "net.kspec:1:8" in done.stderr
    assert not (place / "runs").exists()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("import no_such_package_here", "ModuleNotFoundError: No module named 'no_such_package"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("1 / 0", "ZeroDivisionError: division by zero (line 1 of `ops.py`)"),
        ("import jax; swish = None\nif False:\n    pass", None),
    ],
)
def test_a_file_that_does_not_run_is_reported(place, line, reason):
    (place / "ops.py").write_text(f"{line}\n{OPS}", encoding="utf-8")
    done = kspec("run", "net.kspec", "--allow-extern", cwd=place, code=1)
    if reason is None:
        assert "error[E110]" in done.stderr and "something else, too" in done.stderr
    else:
        assert "error[E619]" in done.stderr and reason in done.stderr


def test_a_gradient_that_fails_is_reported(place):
    """Its first pass is fine: JAX cannot go back through `while_loop`."""
    body = "return jax.lax.while_loop(lambda x: x.sum() < 0, lambda x: x + 1, x)"
    text = OPS.replace("return x * jax.nn.sigmoid(x)", body)
    (place / "ops.py").write_text(text, encoding="utf-8")
    done = kspec("run", "net.kspec", "--allow-extern", cwd=place, code=1)
    assert "error[E619]" in done.stderr and "Reverse-mode differentiation" in done.stderr


def test_sizes_that_only_the_data_knows_are_held_against_the_spec(place):
    """`T` is 4 in one call of predict, and 2 in another, for which the function is wrong."""
    text = 'extern "ops.py:last" : f32[T] -> f32[3]\n'
    text += "model Net {\n  input x : f32[T]\n  output y = x -> last\n}\n"
    (place / "ops.py").write_text("def last(x):\n    return x[-3:]\n", encoding="utf-8")
    run = package.compile_text(text, folder=place, allow_extern=True).init()
    given = np.arange(8, dtype=np.float32).reshape(2, 4)
    assert run.predict({"x": given})["y"].tolist() == [[1, 2, 3], [5, 6, 7]]
    with pytest.raises(SpecError, match=r"gives f32\[2\], not f32\[3\]") as error:
        run.predict({"x": given[:, :2]})
    assert codes(error) == {"E619"}


def test_sizes_of_one_name_that_differ_are_reported(place):
    text = 'extern "ops.py:error" : f32[T], f32[T] -> f32[]\n'
    text += "model Net {\n  input a, b : f32[T]\n  output y = error(a, b)\n}\n"
    run = package.compile_text(text, folder=place, allow_extern=True).init()
    assert run.predict({"a": np.ones((1, 3), "f4"), "b": np.zeros((1, 3), "f4")})["y"] == [1]
    with pytest.raises(SpecError, match=r"gets f32\[3\] and f32\[1\]") as error:
        run.predict({"a": np.ones((1, 3), "f4"), "b": np.zeros((1, 1), "f4")})
    assert codes(error) == {"E619"}


@pytest.mark.parametrize("body", ["1.0", "np.float64(1)", "np.ones(())", "jnp.ones(())"])
def test_what_jax_takes_for_an_array_is_one(place, body):
    text = f"import numpy as np\n{OPS.replace('jnp.mean((y - z) ** 2)', body)}"
    (place / "ops.py").write_text(text, encoding="utf-8")
    spec = 'extern "ops.py:error" : f32[3], f32[3] -> f32[]\n'
    spec += "model Net {\n  input x : f32[3]\n  output y = error(x, x)\n}\n"
    run = package.compile_text(spec, folder=place, allow_extern=True).init()
    assert run.predict({"x": np.ones((2, 3), "f4")})["y"].tolist() == [1, 1]


def test_a_random_key_is_no_number(place):
    (place / "ops.py").write_text("import jax\ndef f(x):\n    return jax.random.key(0)\n")
    spec = 'extern "ops.py:f" : f32[3] -> f32[]\n'
    spec += "model Net {\n  input x : f32[3]\n  output y = x -> f\n}\n"
    with pytest.raises(SpecError, match=r"gives key<fry>\[\], not f32\[\]"):
        package.compile_text(spec, folder=place, allow_extern=True).init()


def test_other_line_ends_and_a_mark_at_the_start_are_kept(place):
    data = b"\xef\xbb\xbf" + OPS.replace("\n", "\r\n").encode()
    (place / "ops.py").write_bytes(data)
    run = package.compile(place / "net.kspec", allow_extern=True).init()
    run.save(place / "run")
    assert (place / "run" / "extern_ops.py").read_bytes() == data
    assert package.load(place / "run", allow_extern=True).weights
