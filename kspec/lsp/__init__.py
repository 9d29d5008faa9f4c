"""The language server: what editors ask about specs, answered by the compiler."""
