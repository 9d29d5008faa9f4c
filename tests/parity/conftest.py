"""The fast form of the comparison with Keras: `-m long` runs the other cases of each name."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

FEW = 1  # case of a name in a test
HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cases of a test for one name as long, but for the first ones."""
    seen: Counter[tuple[str, str]] = Counter()
    for item in items:
        test, _, case = item.nodeid.partition("[")
        name = re.match(r"[\w.-]+", case)
        if name is None or not item.path.is_relative_to(HERE):
            continue
        seen[test, name[0]] += 1
        if seen[test, name[0]] > FEW:
            item.add_marker(pytest.mark.long)
