"""The `augment` lines of a data block: what happens to fields before all else in training.

Outside of training a field is as the data has it, so whatever a line says must leave its fields
alone there; that is checked on the ops it wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Never

from kspec.diagnostics import Span
from kspec.diagnostics.errors import LastingAugmentation
from kspec.elaborate.data import Data
from kspec.elaborate.expressions import Env
from kspec.elaborate.models import Elaborator
from kspec.elaborate.scope import Place, Scope
from kspec.elaborate.values import Meaning, Tensor
from kspec.ir import Value
from kspec.syntax import tree

# What whole numbers of a type can be, where f32 tells all of them apart.
_LIMITS: Final = {f"u{bits}": (0, 2**bits - 1) for bits in (8, 16)} | {
    f"i{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16)
}


class Augmentation:
    """Writes the lines of a data block.

    Args:
        elaborator: The program being written.
        data: The data block.

    Attributes:
        fields: The fields that lines name and no input takes: values of the program.
        changed: What becomes of each field that a line names.
    """

    def __init__(self, elaborator: Elaborator, data: Data) -> None:
        self.elaborator = elaborator
        self.builder = elaborator.builder
        self.data = data
        self.fields: dict[str, Tensor] = {}
        self.changed: dict[str, Value] = {}

    def __call__(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Value]:
        """Write all lines; the inputs that change. Raises Failed after reporting a mistake."""
        for line in self.data.augments:
            self._line(line, inputs)
        return {name: value for name, value in self.changed.items() if name in inputs}

    def _line(self, line: tree.Augment, inputs: Mapping[str, Tensor]) -> None:
        scope = Scope(self.data.scope)
        olds: list[Value] = []
        for name, span in zip(line.names, line.spans, strict=True):
            olds.append(self._operand(line, name, span, inputs))
            scope.bind(name, Tensor(olds[-1], span), span)
        hint = line.names[0] if len(line.names) == 1 else None
        env = Env(scope, Place("augment"), hint, hints=line.names if hint is None else ())
        weights = len(self.elaborator.weights.weights)
        value = self.elaborator.evaluator.evaluate(line.value, env)
        if len(self.elaborator.weights.weights) > weights:
            self._refuse(line, "it has weights")
        news = self._tensors(line, value, env)
        for name, old, new in zip(line.names, olds, news, strict=True):
            with self.builder.at(line.span, name):
                self.changed[name] = self._kept(line, name, old, new)

    def _operand(
        self, line: tree.Augment, name: str, span: Span, inputs: Mapping[str, Tensor]
    ) -> Value:
        """A field as the line takes it: classes that are mixed are probabilities."""
        if name in self.changed:
            return self.changed[name]
        given = inputs.get(name) or self.fields.get(name)
        field = next(f for f in self.data.declaration.fields if f.name == name)
        if given is None:
            place = self.data.spans[name]
            type = self.data.tensor(name)
            given = self.elaborator.padding.parameter(name, type, place, place)
            self.fields[name] = given
        value = given.value
        if value.type.is_hosted:
            self._refuse(line, f"`{name}` is text", "augment images and numbers")
        if not field.is_class or len(line.names) == 1:
            return value
        if field.classes is None:
            reason = f"it takes probabilities, but `{name}` does not say of how many classes"
            self._refuse(line, reason, f"give their number: `{name} : class[10]`")
        with self.builder.at(span, name):
            return self.builder.op("one_hot", value, depth=field.classes)

    def _tensors(self, line: tree.Augment, value: Meaning, env: Env) -> list[Value]:
        items = value if isinstance(value, (tuple, list)) else (value,)
        if len(items) != len(line.names):
            what = "1 result" if len(items) == 1 else f"{len(items)} results"
            advice = "let a line give back each field that it takes"
            self._refuse(line, f"it gives {what} for {len(line.names)} fields", advice)
        as_tensor = self.elaborator.evaluator.as_tensor
        return [as_tensor(item, line.value, env).value for item in items]

    def _kept(self, line: tree.Augment, name: str, old: Value, new: Value) -> Value:
        """The result in the field's own type in training, and the field as it is elsewhere."""
        if self._outside(new) is not self._outside(old):
            self._refuse(line, f"it would change `{name}` outside of training, too")
        if new.type.shape != old.type.shape:
            self._refuse(line, f"`{name}` is {old.type} before, and {new.type} after")
        dtype = old.type.dtype
        if new.type.dtype == dtype:
            return new
        drawn = new
        if dtype in _LIMITS:
            least, most = _LIMITS[dtype]
            drawn = self.builder.op("round", drawn)
            drawn = self.builder.op("clip", drawn, min=float(least), max=float(most))
        drawn = self.builder.op("cast", drawn, dtype=dtype)
        return self.builder.op("where_training", drawn, old)

    def _outside(self, value: Value) -> Value:
        """What a value is outside of training, behind casts and axes of size one."""
        maker = self.builder.makers.get(value)
        while maker is not None:
            if maker.name == "where_training":
                value = maker.args[1]
            elif maker.name in ("cast", "expand_dims", "squeeze", "reshape"):
                value = maker.args[0]
            else:
                break
            maker = self.builder.makers.get(value)
        return value

    def _refuse(
        self,
        line: tree.Augment,
        reason: str,
        advice: str = "put it into the model, where it always happens",
    ) -> Never:
        fields = ", ".join(f"`{name}`" for name in line.names)
        mistake = LastingAugmentation(
            span=line.value.span, fields=fields, reason=reason, advice=advice
        )
        self.elaborator.reporter.fail(mistake)
