"""Look at a generated file before it runs: it may do what programs of kspec do, and no more.

This knows nothing of the code generator: it holds any text against lists of what may be
there. So a mistake in the generator, or a file that somebody changed, cannot run code that
reads files, starts programs, or reaches the network.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

Externs: TypeAlias = Mapping[str, frozenset[str]]
_NOTHING: Final = MappingProxyType[str, frozenset[str]]({})
IMPORTS: Final = frozenset(
    {
        *("from functools import partial", "from typing import NamedTuple"),
        *("import jax", "import jax.numpy as jnp", "import numpy as np", "import optax"),
    }
)
NODES: Final[tuple[type[ast.AST], ...]] = (
    *(ast.Module, ast.FunctionDef, ast.ClassDef, ast.Return, ast.Assign, ast.AnnAssign),
    *(
        ast.Delete,
        ast.Expr,
        ast.If,
        ast.For,
        ast.AugAssign,
        ast.Raise,
        ast.Import,
        ast.ImportFrom,
        ast.alias,
        ast.arguments,
    ),
    *(ast.arg, ast.keyword, ast.Lambda, ast.IfExp, ast.Call, ast.Name, ast.Attribute),
    *(ast.Subscript, ast.Slice, ast.Starred, ast.Constant, ast.Tuple, ast.List, ast.Dict),
    *(ast.DictComp, ast.ListComp, ast.GeneratorExp, ast.comprehension, ast.Compare),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
    *(ast.expr_context, ast.JoinedStr, ast.FormattedValue),
)
BUILTINS: Final = frozenset(
    [
        "abs",
        "bool",
        "dict",
        "enumerate",
        "float",
        "int",
        "isinstance",
        "len",
        "list",
        "LookupError",
        "map",
        "max",
        "min",
        "ord",
        "range",
        "reversed",
        "set",
        "slice",
        "sorted",
        "str",
        "sum",
        "tuple",
        "zip",
        "True",
        "False",
        "None",
    ]
)
# What may be taken from JAX itself; its parts that call back into Python are not there.
OF_JAX: Final = frozenset(
    [
        "Array",
        "ShapeDtypeStruct",
        "checkpoint",
        "custom_vjp",
        "eval_shape",
        "grad",
        "image",
        "jit",
        "lax",
        "nn",
        "numpy",
        "random",
        "tree",
        "typing",
        "value_and_grad",
        "vjp",
        "vmap",
    ]
)
# Attributes of anything that read or write files, or run what they are given.
FORBIDDEN: Final = frozenset(
    [
        "DataSource",
        "bin_cache",
        "callback",
        "ctypeslib",
        "debug",
        "dump",
        "dumps",
        "experimental",
        "ffi",
        "fromfile",
        "fromregex",
        "frompyfunc",
        "genfromtxt",
        "io",
        "io_callback",
        "lib",
        "load",
        "loadtxt",
        "memmap",
        "monitoring",
        "open_memmap",
        "profiler",
        "pure_callback",
        "save",
        "savetxt",
        "savez",
        "savez_compressed",
        "testing",
        "tofile",
        "vectorize",
        "f2py",
        "func_globals",
        "gi_frame",
        "gi_code",
        "cr_frame",
    ]
)
# What of XLA's foreign functions may be called: kspec's own, by their names.
CALLS: Final = frozenset(
    {
        *("kspec_attention", "kspec_attention_gradients", "kspec_conv", "kspec_conv_gradient"),
        *("kspec_gelu", "kspec_gru", "kspec_gru_gradient", "kspec_layer_norm"),
        *("kspec_layer_norm_gradient", "kspec_lstm", "kspec_lstm_gradient"),
    }
)
MODULES: Final = frozenset({"jax", "jnp", "np", "optax"})


def forbidden_part(text: str, externs: Externs = _NOTHING) -> str | None:
    """What in a file no generated program has, with its line; None where there is nothing.

    Args:
        text: The file.
        externs: The functions that it may import beside all else, by module: those that the
            user has allowed. What they do is not looked at.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"it is not Python: {type(error).__name__}"
    known = BUILTINS | set(_bound(tree))
    own = {part for node in ast.walk(tree) for part in _of_own_call(node)}
    for node in ast.walk(tree):
        if node in own or (node in tree.body and _is_extern(node, externs)):
            continue
        reason = _forbidden(node, known, node in tree.body)
        if reason is not None:
            return f"line {getattr(node, 'lineno', 1)}: {reason}"
    return None


def _is_extern(node: ast.AST, externs: Externs) -> bool:
    """Whether it imports allowed functions, each under a name that hides nothing."""
    if not isinstance(node, ast.ImportFrom) or node.level or node.module is None:
        return False
    if not node.module.startswith("extern_") or node.module not in externs:
        return False
    names = [alias.asname or alias.name for alias in node.names]
    hides = any(n.startswith("_") or hasattr(builtins, n) or n in MODULES for n in names)
    return not hides and all(alias.name in externs[node.module] for alias in node.names)


def _of_own_call(node: ast.AST) -> Iterator[ast.AST]:
    """`jax.ffi.ffi_call` and its parts, where it is called with the name of a function of kspec."""
    match node:
        case ast.Call(
            func=ast.Attribute() as func,
            args=[ast.Constant(value=str(name)), _],
            keywords=[ast.keyword(arg="vmap_method")],
        ):
            if ast.unparse(func) == "jax.ffi.ffi_call" and name in CALLS:
                yield func
                yield func.value
        case _:
            pass


def _bound(tree: ast.Module) -> Iterator[str]:
    """Every name that the file itself gives a meaning."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name
            case _:
                pass


def _forbidden(node: ast.AST, known: set[str] | frozenset[str], on_top: bool) -> str | None:
    if not isinstance(node, NODES):
        return f"there is a {type(node).__name__}"
    match node:
        case ast.Import() | ast.ImportFrom():
            fine = on_top and ast.unparse(node) in IMPORTS
            return None if fine else f"`{ast.unparse(node)}`"
        case ast.Name(id=name):
            return _name(name, known)
        case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return _own_name(name)
        case ast.Attribute(value=value, attr=name):
            return _attribute(value, name)
        case _:
            return None


def _name(name: str, known: set[str] | frozenset[str]) -> str | None:
    if name not in known:
        return f"nothing is called `{name}`"
    return _own_name(name)


def _own_name(name: str) -> str | None:
    shadows = hasattr(builtins, name) and name not in BUILTINS
    risky = name in ("eval", "exec", "open", "compile", "getattr", "setattr", "vars", "globals")
    return f"the name `{name}`" if name.startswith("__") or (shadows and risky) else None


def _attribute(value: ast.expr, name: str) -> str | None:
    if name.startswith("_") or name in FORBIDDEN:
        return f"`.{name}`"
    if isinstance(value, ast.Name) and value.id == "jax" and name not in OF_JAX:
        return f"`jax.{name}`"
    return None
