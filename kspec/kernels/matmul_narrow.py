"""A product with a narrow matrix, with a derivative of its own.

The gradient of the matrix is `x.T @ slope`. On CPUs XLA takes about as long for that
with three columns of slopes as with ten, and two to six times as long as for the
transpose of it, `slope.T @ x`, where `x` has many rows or columns.
"""

import jax


@jax.custom_vjp
def matmul_narrow(x, kernel):
    """`x @ kernel`. x: [..., M], kernel: [M, N], result: [..., N]."""
    return x @ kernel


def narrow_forward(x, kernel):
    """The product, and what the backward pass reads."""
    return x @ kernel, (x, kernel)


def narrow_backward(kept, slope):
    """The gradients of both; that of the kernel on a device that is no CPU by XLA."""
    x, kernel = kept
    rows, slopes = (each.reshape(-1, each.shape[-1]) for each in (x, slope))
    of_kernel = jax.lax.platform_dependent(
        rows, slopes, cpu=by_turning_slopes, default=by_turning_rows
    )
    return slope @ kernel.T, of_kernel


def by_turning_slopes(rows, slopes):
    """Of a CPU. The barrier keeps XLA from making it one product with the other."""
    return jax.lax.optimization_barrier(slopes.T @ rows).T


def by_turning_rows(rows, slopes):
    """As JAX has it."""
    return rows.T @ slopes


matmul_narrow.defvjp(narrow_forward, narrow_backward)


def reference(x, kernel):
    """The same with JAX's derivative."""
    return x @ kernel
