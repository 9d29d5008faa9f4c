"""docs/parity.md says what is there."""

from __future__ import annotations

from tests.parity.page import LEFT_OUT, PAGE, page


def test_the_page_of_parity_is_up_to_date(golden):
    golden(PAGE, page())


def test_reasons_are_for_names_that_keras_has():
    text = page()
    for name in LEFT_OUT:
        assert f"| {name} |" in text, name
