"""Data sources, one file each, and how their rows become batches."""
