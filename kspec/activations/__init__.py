"""Activations: functions without weights that layers take as arguments."""
