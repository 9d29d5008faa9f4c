"""kspec."""
