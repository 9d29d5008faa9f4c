"""Metrics: what is reported over a split."""
