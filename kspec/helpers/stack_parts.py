"""Parts of a model that are alike as one part, with the weights of all of them."""

import jax.numpy as jnp


def stack_parts(parts):
    """One tree whose leaves are those of all trees, one behind the other on axis 0."""
    first = parts[0]
    if isinstance(first, dict):
        return {name: stack_parts([part[name] for part in parts]) for name in first}
    return jnp.stack(parts)


def part_of(stack, number):
    """The tree of that number out of what `stack_parts` made of them."""
    if isinstance(stack, dict):
        return {name: part_of(each, number) for name, each in stack.items()}
    return stack[number]
