"""What a phase of training needs on the device, from the module after its passes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from kspec.estimate.line import GRADIENTS, KEPT
from kspec.estimate.liveness import Live, live
from kspec.estimate.sizes import Sizes, in_words
from kspec.ir import KEY, Func, Module, Phase, Value, flops_of
from kspec.optimizers.base import Optimizer
from kspec.registry import make

ITEM = 4  # bytes of a weight, and of a number of its optimizer's state


@dataclass(frozen=True, slots=True)
class Estimate:
    """The memory of one update of a phase, in bytes; and its work.

    The state is there all the time: `weights`, `optimizer`, `statistics`. A step has its
    `batch` beside it, and at its peak what is `kept` for the backward pass, the `gradients` of
    weights, and `work`: gradients of activations, and what ops need while they run.

    Attributes:
        phase: The name of the phase; empty where there is but one.
        batch_size: Examples of a batch on a device.
        weights: The weights, frozen ones and vocabularies included.
        optimizer: The moments of the weights that learn, and their averages.
        statistics: What the step carries and no gradient changes.
        batch: The fields of the batches of an update, and their mask.
        kept: What the backward pass reads of the forward pass, at the peak.
        gradients: The gradients of weights, at the peak.
        work: All else, at the peak.
        example: The bytes of an example of the data, which is on the device where it fits.
        flops: Floating-point operations of the products of an update.
    """

    phase: str
    batch_size: int
    weights: int
    optimizer: int
    statistics: int
    batch: int
    kept: int
    gradients: int
    work: int
    example: int
    flops: int

    @property
    def state(self) -> int:
        """What is there between two steps."""
        return self.weights + self.optimizer + self.statistics

    @property
    def step(self) -> int:
        """What a step adds at its peak, its batch included."""
        return self.batch + self.kept + self.gradients + self.work

    @property
    def total(self) -> int:
        """The most that is there at once."""
        return self.state + self.step


def estimates(module: Module, batch: int | None = None) -> tuple[Estimate, ...]:
    """One for each phase of training; none for a model alone.

    Args:
        module: The module after all passes.
        batch: Examples of a batch on a device; as many as the module says by default.
    """
    train = module.train
    if train is None:
        return ()
    return tuple(estimate_of(module, phase, batch or train.share) for phase in train.phases)


def estimate_of(module: Module, phase: Phase, batch: int) -> Estimate:
    """Of one phase."""
    sizes = Sizes(batch)
    func = module.func(phase.named("train"))
    needs = needs_of(module, phase, sizes)
    fields = [value for value in func.params if value.type.dtype != KEY]
    held = [weight for weight in module.weights if not weight.value.type.is_hosted]
    kinds = needs.at_peak
    one = Sizes(1)
    count = module.train.accumulate if module.train else 1
    learned = learned_of(module, phase)
    sums = sizes.total(learned) if count > 1 else 0  # of the gradients of the batches so far
    return Estimate(
        phase=phase.name,
        batch_size=batch,
        weights=sizes.total(w.value for w in held if w.trainable),
        optimizer=_optimizer(module, phase),
        statistics=sizes.total(w.value for w in held if not w.trainable),
        batch=count * sizes.total(fields),
        kept=kinds.get(KEPT, 0),
        gradients=kinds.get(GRADIENTS, 0) + sums,
        work=needs.peak - kinds.get(KEPT, 0) - kinds.get(GRADIENTS, 0),
        example=one.total(value for value in fields if value.name != "mask"),
        flops=count * _flops(func, learned, sizes),
    )


def needs_of(module: Module, phase: Phase, sizes: Sizes) -> Live:
    """What the training function of a phase needs."""
    func = module.func(phase.named("train"))
    return live(func, learned_of(module, phase), [func.result("loss")], sizes)


def learned_of(module: Module, phase: Phase) -> set[Value]:
    """The weights that a phase learns."""
    return {w.value for w in module.weights if w.trainable and w.path not in phase.frozen}


def _optimizer(module: Module, phase: Phase) -> int:
    """The state of the optimizers; frozen weights have none."""
    made = cast("Optimizer", make("optimizer", phase.optimizer))
    owners = {
        path: cast("Optimizer", make("optimizer", call))
        for call, paths in phase.groups
        for path in paths
    }
    total = 0
    for weight in module.weights:
        if weight.trainable and weight.path not in phase.frozen:
            shape = tuple(axis for axis in weight.value.type.shape if isinstance(axis, int))
            total += owners.get(weight.path, made).state_size(weight.path, shape)
    return ITEM * total


def _flops(func: Func, learned: Iterable[Value], sizes: Sizes) -> int:
    """The products of both passes.

    Each operand of a product that has a gradient costs the work of the product once more. A
    loop whose rounds have gradients costs three times its forward pass, and four times where
    its rounds are computed again.
    """
    reached = set(learned)
    values = (value for op in func.walk() for value in (*op.args, *op.results))
    axes = {axis for value in values for axis in value.type.shape if isinstance(axis, str)}
    known = {axis: sizes.axis(axis) for axis in axes}
    total = 0
    for op in func.ops:
        active = sum(value in reached for value in op.uses)
        if active:
            reached.update(op.results)
        if active and op.body is not None:
            active = 3 if op.attrs.get("recompute") else 2
        total += flops_of(op, known) * (1 + active)
    return total


def largest_batch(module: Module, limit: int) -> int:
    """The most examples of a batch that fit; 0 where not even one does."""

    def fits(batch: int) -> bool:
        return all(each.total <= limit for each in estimates(module, batch))

    least, most = 0, 1
    while fits(most):
        least, most = most, 2 * most
        if most > 2**24:
            return least
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if fits(middle) else (least, middle)
    return least


def in_parts(estimate: Estimate) -> str:
    """What takes how much, the most first: `1.2 GiB kept for the backward pass, ...`."""
    named = {
        "weights": estimate.weights,
        "optimizer's state": estimate.optimizer,
        "statistics": estimate.statistics,
        "batch": estimate.batch,
        "kept for the backward pass": estimate.kept,
        "gradients": estimate.gradients,
        "work": estimate.work,
    }
    order = sorted(named, key=lambda name: -named[name])
    parts = ", ".join(f"{in_words(named[name])} {name}" for name in order if named[name])
    where = f" of phase `{estimate.phase}`" if estimate.phase else ""
    return f"at the peak of a step{where}: {parts}"
