"""What a data block says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from kspec.data.calls import call_from_json, call_to_json
from kspec.data.example_weights import ClassWeight
from kspec.data.example_weights import from_json as weight_from_json
from kspec.data.example_weights import to_json as weight_to_json
from kspec.data.fields import FieldType
from kspec.diagnostics import Span
from kspec.diagnostics.record import Node
from kspec.ir import Call

SPLITS: Final = ("train", "validation", "test")


class DataDeclaration(Node):
    """What a data block says.

    Attributes:
        fields: The declared fields.
        source: Where shares of a split come from.
        split: Each part's share of the source, from 0 to 1, or a source of its own.
        seed: Of the choice of rows.
        class_weight: What weighs the examples of the training split by their classes.
        stratify: The label of which each share of the source has its part of each class.
        folds: How many folds the source is cut into, and which of them is `validation`, where
            `train` is all others.
        oversample: The label whose classes come equally often in training; empty for none.
        skips: Whether bad rows are left out, and are no mistake.
        buckets: The lengths that batches of ragged fields can have, the shortest first; none
            where all are as long as the fields' types say.
    """

    fields: tuple[FieldType, ...]
    source: Call | None
    split: Mapping[str, float | Call]
    seed: int = 0
    class_weight: ClassWeight | None = None
    stratify: str = ""
    folds: tuple[int, int] | None = None
    oversample: str = ""
    skips: bool = False
    buckets: tuple[int, ...] = ()


class Places(Node):
    """Where a spec declares its data, for messages.

    Attributes:
        fields: The fields by name.
        sources: The settings of the block by key, and the parts of a split by name.
    """

    fields: Mapping[str, Span] = MappingProxyType({})
    sources: Mapping[str, Span] = MappingProxyType({})

    @property
    def of_fields(self) -> Mapping[str, Span]:
        """What messages about fields may show: the fields, and where they are looked up."""
        return {**self.sources, **self.fields}


NOWHERE: Final = Places()


def declaration_to_json(declaration: DataDeclaration) -> dict[str, Any]:
    """The declaration as plain JSON values."""
    return {
        "fields": [
            {
                "name": f.name,
                "dtype": f.dtype,
                "shape": list(f.shape),
                "classes": f.classes,
                "is_class": f.is_class,
                "below": f.below,
                "weighs": f.weighs,
                "scores": f.scores,
            }
            for f in declaration.fields
        ],
        "source": None if declaration.source is None else call_to_json(declaration.source),
        "split": {
            part: call_to_json(share) if isinstance(share, Call) else share
            for part, share in declaration.split.items()
        },
        "seed": declaration.seed,
        "stratify": declaration.stratify,
        "folds": declaration.folds,
        "oversample": declaration.oversample,
        "skips": declaration.skips,
        "class_weight": weight_to_json(declaration.class_weight),
        "buckets": list(declaration.buckets),
    }


def declaration_from_json(raw: Mapping[str, Any]) -> DataDeclaration:
    """Read `declaration_to_json` back."""
    return DataDeclaration(
        fields=tuple(
            FieldType(
                f["name"],
                f["dtype"],
                tuple(f["shape"]),
                f["classes"],
                f["is_class"],
                f.get("below"),
                f.get("weighs", False),
                tuple(f["scores"]) if f.get("scores") else None,
            )
            for f in raw["fields"]
        ),
        source=None if raw["source"] is None else call_from_json(raw["source"]),
        split={
            part: share if isinstance(share, float) else call_from_json(share)
            for part, share in raw["split"].items()
        },
        seed=raw["seed"],
        class_weight=weight_from_json(raw.get("class_weight")),
        stratify=raw.get("stratify", ""),
        folds=tuple(raw["folds"]) if raw.get("folds") else None,
        oversample=raw.get("oversample", ""),
        skips=raw.get("skips", False),
        buckets=tuple(raw.get("buckets", ())),
    )
