"""`verify` finds every way in which IR can be wrong, and says that it is kspec's fault."""

from __future__ import annotations

import pytest

from kspec.ir import read
from kspec.ir.verify import InvalidIR, verify

GOOD = """\
module m

weight @dense.kernel : f32[8,4] = glorot_uniform()

func predict(%x: f32[B,8]) {
  %y = matmul(%x, @dense.kernel) : f32[B,4]
  %z = relu(%y) : f32[B,4]
  return output.z=%z
}
"""
BAD = {
    "an op that is none": ("relu(%y)", "rellu(%y)", "there is no op rellu"),
    "a wrong type": ("relu(%y) : f32[B,4]", "relu(%y) : f32[B,5]", "should be f32[B,4]"),
    "a wrong element type": ("relu(%y) : f32", "relu(%y) : i32", "should be f32[B,4]"),
    "operands that do not fit": ("f32[8,4]", "f32[9,4]", "8 columns meet 9 rows"),
    "an attribute too many": ("relu(%y)", "relu(%y) slope=1", "has not the attributes"),
    "an attribute missing": ("relu(%y)", "softmax(%y)", "has not the attributes"),
    "two values of a name": (
        "  return",
        "  %z = relu(%y) : f32[B,4]\n  return",
        "two values are called z",
    ),
    "two functions of a name": (
        "  return output.z=%z\n}\n",
        "  return output.z=%z\n}\n\nfunc predict() {\n  return\n}\n",
        "two functions are called predict",
    ),
    "two results of a name": (
        "return output.z=%z",
        "return output.z=%z, output.z=%y",
        "two results are called output.z",
    ),
    "an op of an earlier stage": (
        "relu(%y)",
        "where_training(%y, %y)",
        "where_training may not exist any more",
    ),
}


def test_sound_ir_passes():
    verify(read(GOOD))


@pytest.mark.parametrize("name", list(BAD))
def test_broken_ir_is_found(name):
    old, new, reason = BAD[name]
    assert old in GOOD
    with pytest.raises(InvalidIR) as caught:
        verify(read(GOOD.replace(old, new, 1)), after="some_pass")
    message = str(caught.value)
    assert reason in message
    assert "after some_pass" in message
    assert "a bug in kspec" in message


def test_a_value_used_before_it_is_defined_is_found():
    module = read(GOOD)
    func = module.func("predict")
    turned = module.map_funcs(lambda each: each.with_ops(reversed(func.ops)))
    with pytest.raises(InvalidIR, match="used before it is defined"):
        verify(turned)


def test_a_result_that_nothing_defines_is_found():
    module = read(GOOD).map_funcs(lambda each: each.with_ops(each.ops[:1]))
    with pytest.raises(InvalidIR, match="not defined"):
        verify(module)


def test_two_weights_of_a_path_are_found():
    from dataclasses import replace

    module = read(GOOD)
    with pytest.raises(InvalidIR, match="two weights are called"):
        verify(replace(module, weights=module.weights * 2))
