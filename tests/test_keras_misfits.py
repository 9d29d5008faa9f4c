"""Files of Keras whose weights are not the spec's: which one it is, and both shapes."""

from __future__ import annotations

import pytest

from tests.test_keras_weights import FORMATS, L, refused, save, sequential, spec

pytestmark = pytest.mark.filterwarnings("ignore")  # of what Keras and h5py do
DENSE = "model M {\n  input x : f32[6]\n  output y = x -> dense(6) -> dense(7)\n}\n"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ([L.Dense(6), L.Dense(8)], "is [6, 8] there, and `dense_1.kernel` is [6, 7] here"),
        ([L.Dense(6), L.Dense(7, use_bias=False)], "`dense_1.bias` is only here"),
        ([L.Dense(6)], ""),
        ([L.Dense(6), L.Dense(7), L.Dense(8)], ""),
        ([L.EinsumDense("ab,bc->ac", 6), L.Dense(7)], ""),
    ],
    ids=range(5),
)
def test_a_file_of_another_model_is_refused(tmp_path, name, layers, reason):
    copies = [layer.__class__.from_config(layer.get_config()) for layer in layers]
    save(sequential(*copies, shape=(6,)), tmp_path / name)
    report = refused(spec(DENSE, file=name), tmp_path)
    assert "error[E611]" in report and reason in report
    if not reason and name != "net.h5":
        assert "`dense`, and the spec 2: `dense`, `dense_1`" in report


def test_what_no_layer_of_keras_has_is_said(tmp_path):
    save(sequential(L.Dense(6), L.Dense(7), shape=(6,)), tmp_path / "net.weights.h5")
    block = """block Own {
  input x : f32[D]
  weight a : f32[D]
  output x * a
}

"""
    text = block + DENSE.replace("-> dense(6)", "-> Own -> dense(6)")
    assert "`own.a` is the weight of a block" in refused(spec(text), tmp_path)
    assert "layers are loaded whole" in refused(spec(DENSE, "dense.kernel"), tmp_path)
