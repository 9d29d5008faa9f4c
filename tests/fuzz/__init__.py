"""Fuzzing by coverage: bytes that reach new branches of the compiler are kept and changed on."""
