"""kspec against its peers on the same work: `python -m benchmarks`."""
