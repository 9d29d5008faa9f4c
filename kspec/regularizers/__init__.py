"""Regularizers: penalties on weights or results, added to the loss."""
