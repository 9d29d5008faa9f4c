"""What the runtime must know of a compiled spec beside its Python: a plan.

The compiled folder holds `model.py` and `plan.json`; nothing else is needed to train.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kspec.data.buckets import Buckets
from kspec.data.declaration import DataDeclaration, Places
from kspec.diagnostics import Source, Span
from kspec.externs import ExternPlan
from kspec.ir import Call, TensorType

Offsets = Mapping[str, tuple[int, int]]  # the first character of a place, and the end


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """A part of training.

    Attributes:
        name: Its name, which its functions end in; empty where there is but one.
        epochs: Passes over the training split, at most.
        callbacks: What acts after an epoch.
        trunk: The fields that its step takes where its frozen part runs once, before it; empty
            where it has no such part.
        convolves: Whether its step has convolutions, which XLA runs slowly in a loop on CPUs.
        rate: The learning rate, or its schedule, of the weights without an optimizer of their own.
        carries: Whether the optimizer goes on with what it gathered in the phase before.
    """

    name: str
    epochs: int
    callbacks: tuple[Call, ...] = ()
    trunk: tuple[str, ...] = ()
    convolves: bool = False
    rate: float | Call | None = None
    carries: bool = False


@dataclass(frozen=True, slots=True)
class Scored:
    """What a loss on classes compares, one label an example.

    Attributes:
        label: The field with what is true.
        output: The output with what was predicted.
        loss: The loss.
        from_logits: Whether the output comes before a softmax or sigmoid.
        ignored: The class whose examples do not count.
    """

    label: str
    output: str
    loss: str
    from_logits: bool = False
    ignored: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A program's interface and how it is trained.

    Attributes:
        name: The model's name.
        spec: The spec's file name.
        inputs: The model's inputs, the batch axis first.
        outputs: The model's outputs.
        metrics: Names of the metrics, without `loss`.
        data: What to open for training; None for a model alone.
        batch: Examples in a batch.
        accumulate: Batches of an update.
        devices: Devices that share each batch.
        phases: The parts of training in their order; none for a model alone.
        seed: Of weights, shuffling and random ops.
        shuffle: Whether each epoch has an order of its own.
        loads: Files that weights are read from, each with the path of those weights.
        convolves: Whether a step has convolutions, which XLA runs slowly in a loop on CPUs.
        fields: Where the spec declares its data's fields, by name.
        sources: Where it names the data's sources, as in `Places`.
        schedules: Learning rate schedules, each with the epochs that it has.
        directions: Which way each metric is better, `min` or `max`, where that is known.
        tables: The paths of the vocabularies that are learned.
        below: What numbers that the host makes must be below: the rows of embeddings.
        layers: The name of each layer that has weights, by its path.
        draws: How often first weights are drawn, and in how many ways; layers of a loop count once.
        externs: The functions of Python files that it calls.
        ragged: What the program takes that is as long as its batch's bucket, with its bound.
        scored: What the loss compares, where that is one label an example.
        choices: What `kspec tune` had measured when it was compiled, by what passes ask for.
    """

    name: str
    spec: str
    inputs: Mapping[str, TensorType]
    outputs: Mapping[str, TensorType]
    metrics: tuple[str, ...]
    data: DataDeclaration | None
    batch: int = 32
    accumulate: int = 1
    devices: int = 1
    phases: tuple[PhasePlan, ...] = ()
    seed: int = 0
    shuffle: bool = True
    loads: tuple[tuple[str, str], ...] = ()
    convolves: bool = False
    fields: Offsets = field(default_factory=dict[str, tuple[int, int]])
    sources: Offsets = field(default_factory=dict[str, tuple[int, int]])
    schedules: tuple[tuple[Call, int], ...] = ()
    directions: Mapping[str, str] = field(default_factory=dict[str, str])
    tables: tuple[str, ...] = ()
    below: Mapping[str, int] = field(default_factory=dict[str, int])
    layers: Mapping[str, str] = field(default_factory=dict[str, str])
    draws: tuple[int, int] = (0, 0)
    externs: tuple[ExternPlan, ...] = ()
    ragged: Mapping[str, int] = field(default_factory=dict[str, int])
    scored: Scored | None = None
    choices: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def trains(self) -> bool:
        """Whether the spec says how to train."""
        return bool(self.phases)

    @property
    def epochs(self) -> int:
        """Passes over the training split, at most, in all phases together."""
        return sum(phase.epochs for phase in self.phases)

    @property
    def update(self) -> int:
        """Examples of an update."""
        return self.batch * self.accumulate

    @property
    def buckets(self) -> Buckets:
        """How long batches can be."""
        if self.data is None:
            return Buckets()
        fields = tuple(field.name for field in self.data.fields if field.bound is not None)
        return Buckets(self.data.buckets, fields, self.ragged)

    def places(self, source: Source) -> Places:
        """Where the spec, whose text is `source`, declares its data."""

        def spans(offsets: Offsets) -> dict[str, Span]:
            return {name: Span(source, start, end) for name, (start, end) in offsets.items()}

        return Places(spans(self.fields), spans(self.sources))
