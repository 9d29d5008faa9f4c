"""The tests of kspec."""
