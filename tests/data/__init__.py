"""Data: sources, declared types, splits, batches, and the paths that a spec may read."""
