"""Gated recurrent units by functions of kspec's own: `test_lstm_native.py` tests both."""

from __future__ import annotations

from tests.kernels.test_lstm_native import KINDS


def test_they_are_among_the_kinds():
    assert "gru" in KINDS
