"""Hostile specs: what must come of each is a report, or a harmless program."""
