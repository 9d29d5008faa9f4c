"""Peers that the tests do not need: Flax NNX, PyTorch as it is and compiled, Keras on TensorFlow.

They take part where they are installed: `pip install -e '.[peers]'`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.elsewhere import keras_on_tensorflow
from benchmarks.harness import Done, Run

if TYPE_CHECKING:
    import optax
    import torch
    from flax import nnx

Arrays = Mapping[str, np.ndarray]
# On TensorFlow the gradient of an embedding has a row for each use of a word, and Keras' RMSprop
# squares each by itself where it should square their sum: words that are used twice learn faster.
SPARSE: Final = {"keras_tensorflow": 0.06}


def installed(
    *,
    nnx: Callable[[], Run] | None = None,
    torch: Callable[[bool], Run] | None = None,
    keras: str = "",
    loops: bool = False,
) -> dict[str, Callable[[], Run]]:
    """The contenders of those that are installed.

    Args:
        nnx: Sets up Flax NNX.
        torch: Sets up PyTorch, compiled or not.
        keras: The workload whose `by_keras` runs on TensorFlow, too.
        loops: Whether the model goes through time steps. `torch.compile` writes each of them
            out, and takes minutes for 100 (version 2.14), so that it is left out then.
    """
    found: dict[str, Callable[[], Run]] = {}
    if keras and find_spec("tensorflow") is not None:
        found["keras_tensorflow"] = partial(keras_on_tensorflow, keras)
    if nnx is not None and find_spec("flax") is not None:
        found["nnx"] = nnx
    if torch is not None and find_spec("torch") is not None:
        found["torch"] = partial(torch, False)
        if not loops:
            found["torch_compiled"] = partial(torch, True)
    return found


def nnx_fit(
    model: nnx.Module,
    optimizer: optax.GradientTransformation,
    loss: Callable[[Any, Arrays], Any],
    data: Arrays,
    *,
    epochs: int = 1,
    batch: int,
    shuffle: bool = True,
) -> Run:
    """Train as the guide of NNX writes the loop: a jitted step, metrics that update themselves.

    Args:
        model: The model, with its first weights.
        optimizer: Of Optax.
        loss: Of the model and a batch; the loss, the logits and the labels.
        data: What all train on.
        epochs: In a call.
        batch: Examples in a batch.
        shuffle: Whether each epoch has an order of its own.
    """
    from flax import nnx

    state = nnx.Optimizer(model, optimizer, wrt=nnx.Param)
    metrics = nnx.MultiMetric(accuracy=nnx.metrics.Accuracy(), loss=nnx.metrics.Average("loss"))

    @nnx.jit
    def step(model: Any, state: Any, metrics: Any, arrays: Arrays) -> None:
        def total(model: Any) -> Any:
            value, logits, labels = loss(model, arrays)
            return value, (logits, labels)

        (value, (logits, labels)), grads = nnx.value_and_grad(total, has_aux=True)(model)
        metrics.update(loss=value, logits=logits, labels=labels)
        state.update(model, grads)

    orders, updates = _Orders(data, batch, shuffle), [0]

    def call() -> Done:
        value = 0.0
        for _ in range(epochs):
            metrics.reset()
            for chosen in orders.batches():
                step(model, state, metrics, {name: each[chosen] for name, each in data.items()})
                updates[0] += 1
            value = float(metrics.compute()["loss"])
        return Done(value, updates[0])

    return call


def torch_fit(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Any, Mapping[str, Any]], Any],
    data: Arrays,
    *,
    epochs: int = 1,
    batch: int,
    shuffle: bool = True,
    compiled: bool = False,
) -> Run:
    """Train as tutorials of PyTorch write the loop; the losses stay tensors until an epoch is over.

    Args:
        model: The model, with its first weights.
        optimizer: Its optimizer.
        loss: Of the model and a batch of tensors; the loss, and how many answers are right.
        data: What all train on.
        epochs: In a call.
        batch: Examples in a batch.
        shuffle: Whether each epoch has an order of its own.
        compiled: Whether `torch.compile` makes the model's forward and backward pass.
    """
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    tensors = {name: torch.from_numpy(each) for name, each in data.items()}
    forward = torch.compile(model) if compiled else model
    orders, updates = _Orders(data, batch, shuffle), [0]

    def call() -> Done:
        value = 0.0
        for _ in range(epochs):
            total, right, rows = torch.zeros(()), torch.zeros(()), 0
            for chosen in orders.batches():
                places = torch.from_numpy(chosen)
                found, hits = loss(forward, {name: each[places] for name, each in tensors.items()})
                optimizer.zero_grad()
                found.backward()
                optimizer.step()
                total += found.detach() * len(chosen)
                right += hits
                rows += len(chosen)
                updates[0] += 1
            value = float(total) / rows
        return Done(value, updates[0])

    return call


def torch_rmsprop(model: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
    """RMSprop as Keras and Optax have it: epsilon is inside the root, and outside in PyTorch's.

    It does to each weight what `torch.optim.RMSprop` does on a CPU, in as many operations.
    """
    import torch

    class RMSprop(torch.optim.Optimizer):
        """With the defaults of Keras."""

        @torch.no_grad()
        def step(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            """One update."""
            for group in self.param_groups:
                for weight in group["params"]:
                    state = self.state[weight]
                    if not state:
                        state["mean"] = torch.zeros_like(weight)
                    state["mean"].mul_(0.9).addcmul_(weight.grad, weight.grad, value=0.1)
                    root = state["mean"].add(1e-7).sqrt_()
                    weight.addcdiv_(weight.grad, root, value=-group["lr"])

    learned = [weight for weight in model.parameters() if weight.requires_grad]
    return RMSprop(learned, {"lr": rate})


def torch_linears(weights: Arrays, names: Mapping[str, str]) -> dict[str, Any]:
    """The weights of dense layers as PyTorch has them, by the names that it gives the layers."""
    import torch

    state: dict[str, Any] = {}
    for ours, theirs in names.items():
        state[f"{theirs}.weight"] = torch.tensor(weights[f"{ours}.kernel"].T)
        state[f"{theirs}.bias"] = torch.tensor(weights[f"{ours}.bias"])
    return state


class _Orders:
    """The rows of each batch, epoch after epoch."""

    def __init__(self, data: Arrays, batch: int, shuffle: bool) -> None:
        self.rows, self.batch, self.shuffle = len(next(iter(data.values()))), batch, shuffle
        self.rng = np.random.default_rng(0)

    def batches(self) -> list[np.ndarray]:
        """Those of the next epoch."""
        order = self.rng.permutation(self.rows) if self.shuffle else np.arange(self.rows)
        return [order[first : first + self.batch] for first in range(0, self.rows, self.batch)]
