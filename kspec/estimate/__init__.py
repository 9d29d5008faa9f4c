"""How much memory training takes, from the IR alone."""
