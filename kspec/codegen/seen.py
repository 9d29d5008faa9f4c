"""What training makes of images before the first weight: a Python file of its own.

Reports show examples as training sees them, augmented. The file is made of the ops of the
first phase's training function, as far as they lead from images to images.
"""

from __future__ import annotations

from dataclasses import replace

from kspec.codegen import layout
from kspec.codegen.file import File, inputs, unpack
from kspec.codegen.helpers import helper_texts
from kspec.ir import KEY, Func, Module, Op, TensorType, Value

CHANNELS = (1, 3, 4)
FEWEST = 4  # places along a side of an image


def is_image(type: TensorType) -> bool:
    """Whether it may be images: `[B, height, width]`, or with channels behind these."""
    sides = type.shape[1:3]
    if type.rank not in (3, 4) or not all(isinstance(n, int) and n >= FEWEST for n in sides):
        return False
    return type.rank == 3 or type.shape[3] in CHANNELS


def seen_of(module: Module) -> Func | None:
    """The function that gives, by field, the images that the first weights take.

    None where no op that draws random numbers is on the way.
    """
    if module.train is None:
        return None
    func = module.func(module.train.phases[0].named("train"))
    last = _last(module, func)
    if not last:
        return None
    ops = _leading_to(func, set(last.values()))
    used = {value for op in ops for value in op.uses}
    params = tuple(value for value in func.params if value in used)
    return Func("seen", params, ops, tuple(last.items()))


def _last(module: Module, func: Func) -> dict[str, Value]:
    """By field, the last images that random ops have made of it without any weight."""
    weights = {weight.value for weight in module.weights}
    fields: dict[Value, frozenset[str]] = {
        value: frozenset({value.hint} if is_image(value.type) else ()) for value in func.params
    }
    drawn = {value for value in func.params if value.type.dtype == KEY}
    found: dict[str, Value] = {}
    for op in func.ops:
        if op.name == "extern" or op.body is not None or any(v in weights for v in op.uses):
            continue
        if not all(value in fields for value in op.uses):
            continue
        of = frozenset[str]().union(*(fields[value] for value in op.uses))
        fields |= dict.fromkeys(op.results, of)
        if drawn.intersection(op.uses):
            drawn.update(op.results)
            seen = (value for value in op.results if is_image(value.type) and len(of) == 1)
            found |= {name: value for value in seen for name in of}
    return found


def _leading_to(func: Func, wanted: set[Value]) -> tuple[Op, ...]:
    ops: list[Op] = []
    for op in reversed(func.ops):
        if wanted.intersection(op.results):
            wanted.update(op.uses)
            ops.append(op)
    return tuple(reversed(ops))


def seen_file(module: Module, func: Func) -> str:
    """The text of the file: `seen(batch, mask, key)`."""
    file = File(replace(module, train=None, weights=(), funcs=(func,)))
    fields, fixed = inputs(func)
    body = file.body(func, fixed)
    given = {name: body.expr(value) for name, value in func.returns}
    function = [
        "def seen(batch, mask, key):",
        '    """What training makes of the images of a batch, before its first weights."""',
        *unpack(body, fields),
        *body.lines(),
        *layout.dictionary(given, 1, "return "),
    ]
    imports, helpers = helper_texts(file.helpers)
    heading = "\n".join(sorted({"import jax", "import jax.numpy as jnp", *imports}))
    return "\n\n\n".join([heading, "\n".join(function), *helpers]) + "\n"
