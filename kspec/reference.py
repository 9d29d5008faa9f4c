"""The vocabulary described from its definitions: `kspec layers`."""

from __future__ import annotations

import inspect
import textwrap
from types import MappingProxyType
from typing import Any, Final

from kspec.activations.base import Activation
from kspec.callbacks.base import Callback
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import UnknownName
from kspec.elaborate.signatures import describe_type, sign, spell
from kspec.layers.base import Layer
from kspec.metrics.base import Metric
from kspec.ops.base import Operation
from kspec.registry import PACKAGES, Definition, Example, names

# Kind -> how one is used; `{}` is the name with its required arguments.
_USES: Final = {
    "layer": "{operands} -> {call}",
    "activation": "x -> {call}",
    "op": "{applied}",
    "initializer": "weight w : f32[8] = {call}",
    "regularizer": "y = x -> dense(8, kernel_regularizer={call})",
    "constraint": "y = x -> dense(8, kernel_constraint={call})",
    "loss": "loss = {name}(label, prediction{rest})",
    "metric": "metrics = [{name}({operands}{rest})]",
    "optimizer": "optimizer = {call}",
    "schedule": "optimizer = sgd({call})",
    "source": "source = {call}",
}
# What examples give for arguments that must be given, where the definition has none of its own.
_VALUES: Final = MappingProxyType(
    {
        **{"units": "4", "filters": "4", "kernel_size": "3", "pool_size": "2", "output_size": "2"},
        **{"rate": "0.5", "factor": "0.2", "height_factor": "0.1", "width_factor": "0.1"},
        **{"height": "4", "width": "4"},
    }
)
# How long the axes of a shape rule are in examples; others have 8.
_SIZES: Final = MappingProxyType({"channels": 3, "in": 6, "features": 6})


def kinds() -> tuple[str, ...]:
    """All kinds of names."""
    return tuple(PACKAGES)


def find(name: str) -> list[type[Definition]]:
    """The definitions of that name, of whatever kinds.

    Raises:
        SpecError: There is none.
    """
    found = [names(kind)[name] for kind in kinds() if name in names(kind)]
    if not found:
        known = [each for kind in kinds() for each in names(kind)]
        raise SpecError((UnknownName.of(None, "layer or other thing", name, known),))
    return found


def record(cls: type[Definition]) -> dict[str, Any]:
    """A definition as plain data."""
    hints = cls.arg_types()
    return {
        "name": cls.name,
        "kind": cls.kind,
        "signature": _signature(cls),
        "doc": inspect.cleandoc(cls.__doc__ or ""),
        "arguments": [
            {
                "name": arg.name,
                "type": describe_type(hints[arg.name]),
                "required": arg.required,
                "default": None if arg.required else spell(arg.default),
                "doc": arg.doc,
            }
            for arg in cls.args
        ],
        "shape": cls.shape if issubclass(cls, Layer) else None,
        "example": example(cls),
    }


def _operands(cls: type[Definition]) -> list[str]:
    """Names for the tensors that it works on."""
    count = 1
    if issubclass(cls, Layer):
        count = 2 if cls.variadic else len(cls.patterns()[0])
    elif issubclass(cls, Operation):
        count = 2 if cls.variadic else cls.operands
    elif issubclass(cls, Metric):
        count = cls.operands
    if issubclass(cls, Metric) and count == 2:
        return ["label", "prediction"]
    return ["x"] if count == 1 else [f"x{i + 1}" for i in range(count)]


def _signature(cls: type[Definition]) -> str:
    text = sign(cls)
    if not issubclass(cls, (Operation, Metric)):
        return text
    rest = text.removeprefix(f"{cls.name}(").removesuffix(")")
    return f"{cls.name}({', '.join([*_operands(cls), *([rest] if rest else [])])})"


def example(cls: type[Definition]) -> str:
    """Lines of a spec that use it, with the arguments that must be given.

    What stands in a model comes as a model, which can be compiled.
    """
    if issubclass(cls, Callback):
        return cls.line
    if not issubclass(cls, (Layer, Activation, Operation)):
        return _use(cls)
    shown = cls.example or Example(_use(cls), (), **_inputs(cls))
    lines = [f"  input {name} : {type}\n" for name, type in shown.inputs.items()]
    if shown.results:
        lines.append(f"  {', '.join(shown.results)} = {shown.use}\n")
        lines += [f"  output y{i + 1} = {name}\n" for i, name in enumerate(shown.results)]
    else:
        lines.append(f"  output y = {shown.use}\n")
    return f"model Example {{\n{''.join(lines)}}}"


def _inputs(cls: type[Definition]) -> dict[str, str]:
    """Types that the operands may have, as the shape rule says."""
    patterns = cls.patterns()[0] if issubclass(cls, Layer) else ("*batch in",)
    found: dict[str, str] = {}
    for index, name in enumerate(_operands(cls)):
        words = patterns[index % len(patterns)].split()
        words = ["batch", "places", "in"] if words[0] == "*batch" else words
        sizes = [_SIZES.get(word.lstrip("*"), 8) for word in words[1:]]
        found[name] = f"f32{sizes}" if sizes else "f32"
    return found


def _use(cls: type[Definition]) -> str:
    """An expression with it, or another part of a spec."""
    models = issubclass(cls, (Layer, Activation, Operation))
    required = [arg.name for arg in cls.args if arg.required]
    if models:
        required = [_VALUES.get(name, name) for name in required]
    arguments = ", ".join(required)
    call = f"{cls.name}({arguments})" if required or cls.kind == "source" else cls.name
    letters = _operands(cls)
    operands = ", ".join(letters)
    if len(letters) > 1 and cls.kind == "layer":
        operands = f"({operands})"
    applied = f"{cls.name}({', '.join([*letters, *required])})"
    rest = f", {arguments}" if arguments else ""
    return _USES[cls.kind].format(
        operands=operands, call=call, name=cls.name, rest=rest, applied=applied
    )


def page(cls: type[Definition]) -> str:
    """A definition as a page of text."""
    data = record(cls)
    lines = [f"{data['signature']}", f"  {data['kind']}", "", data["doc"], ""]
    if data["shape"]:
        lines += ["Shapes:", f"  {data['shape']}", ""]
    if data["arguments"]:
        lines.append("Arguments:")
    for arg in data["arguments"]:
        default = "must be given" if arg["required"] else f"default {arg['default']}"
        lines += [f"  {arg['name']}: {arg['type']}; {default}", f"    {arg['doc']}"]
    if data["arguments"]:
        lines.append("")
    return "\n".join([*lines, "Example:", textwrap.indent(data["example"], "  ")])


def listing(kind: str) -> str:
    """All names of a kind, each with the first line of its documentation."""
    rows = names(kind)
    wide = max(map(len, rows))
    lines = [f"{kind}es" if kind.endswith("s") else f"{kind}s"]
    for name, cls in rows.items():
        first = inspect.cleandoc(cls.__doc__ or "").split("\n")[0]
        lines.append(f"  {name:<{wide}}  {first}")
    return "\n".join(lines)
