"""What happens to runs: each fault is injected for real. `docs/reliability.md` shows the table.

`python -m tests.faults kills --count 1000` does at length what the suite samples.
"""
