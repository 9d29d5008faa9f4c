"""The classes that data turns out to have, against the scores that a model gives."""

from __future__ import annotations

from kspec.diagnostics import Span, SpecError
from kspec.diagnostics.errors import LabelWidthMismatch


def check_scores(
    field: str, scores: tuple[str, int] | None, classes: int, span: Span | None
) -> None:
    """Refuse more classes than are scored; JAX would give not-a-number for the others' loss.

    Args:
        field: The label.
        scores: What scores its classes, and how many; None if nothing does.
        classes: How many the data has.
        span: Where the label is declared.

    Raises:
        SpecError: There are too many.
    """
    if scores is not None and classes > scores[1]:
        output, width = scores
        mistake = LabelWidthMismatch(
            span=span, field=field, classes=classes, output=output, width=str(width)
        )
        raise SpecError((mistake,))
