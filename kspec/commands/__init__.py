"""The commands: one function each, a file for each kind of work."""
