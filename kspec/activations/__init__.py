"""Activations: shape-keeping functions that layers take as arguments."""
