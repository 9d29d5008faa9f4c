"""Ops: functions of tensors that expressions may call, as `keras.ops` has them."""
