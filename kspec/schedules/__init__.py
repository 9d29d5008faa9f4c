"""Learning rate schedules: rates that depend on the number of the update."""
