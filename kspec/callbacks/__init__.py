"""What acts while training: declared in a train block or a phase, as `stop { ... }`."""
