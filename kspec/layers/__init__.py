"""Layers: functions of tensors with weights, one family a file."""
