"""E42: training needs more than it is granted, or cannot be shared."""

from __future__ import annotations

from typing import ClassVar, Self

from kspec.diagnostics.core import Diagnostic, Span


class DoesNotFit(Diagnostic):
    """A step of training needs more memory than `memory` grants, by the compiler's estimate.

    `kspec plan` shows what takes how much. Loops over repeated parts are computed again in the
    backward pass before this is said.
    """

    code: ClassVar[str] = "E420"
    title: ClassVar[str] = "training needs {needed}, and may take {limit}"
    label: ClassVar[str] = "granted here"
    note: ClassVar[str] = "{parts}"
    help: ClassVar[str] = "{advice}"

    needed: str
    limit: str
    parts: str
    advice: str

    @classmethod
    def of(cls, span: Span | None, needed: str, limit: str, parts: str, batch: int) -> Self:
        """With the largest batch that fits; 0 where not even one example does."""
        advice = f"take `batch = {batch}`, the largest that fits, or grant more"
        if not batch:
            advice = "not even one example fits: take a smaller model, or grant more"
        return cls(span=span, needed=needed, limit=limit, parts=parts, advice=advice)


class RateIsScheduled(Diagnostic):
    """A learning rate is to be lowered when training stands still, and a schedule makes it.

    Keras raises a TypeError at the moment when it would lower it.
    """

    code: ClassVar[str] = "E422"
    title: ClassVar[str] = "`{schedule}` says what the learning rate is, so it cannot be lowered"
    label: ClassVar[str] = "lowers the rate of `{optimizer}`"
    help: ClassVar[str] = "give the optimizer a number as its rate, or delete this section"

    schedule: str
    optimizer: str


class BatchNotShared(Diagnostic):
    """The examples of a batch cannot be shared equally by the devices of a training.

    Each device gets as many examples of each batch as every other one.
    """

    code: ClassVar[str] = "E421"
    title: ClassVar[str] = "{devices} devices cannot share a batch of {batch} equally"
    label: ClassVar[str] = "{batch} is no multiple of {devices}"
    help: ClassVar[str] = "take {advice}"

    batch: int
    devices: int
    advice: str

    @classmethod
    def of(cls, span: Span | None, batch: int, devices: int) -> Self:
        """With the nearest batches that can be shared."""
        below = batch - batch % devices
        sizes = [f"`batch = {size}`" for size in (below, below + devices) if size]
        return cls(span=span, batch=batch, devices=devices, advice=" or ".join(sizes))
