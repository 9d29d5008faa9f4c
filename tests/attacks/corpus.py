"""The corpus, as texts that are made here: some are too large or too odd to keep in files.

A: text that tries to become code. B: small texts that ask for much. C: texts that are hard
to read. D: paths that lead elsewhere.
"""

from __future__ import annotations

CANARY = "CANARY"  # a file that an injection would make
NET = "model Net {{\n  input x : f32[8]\n  {body}\n  output y = x -> dense(1)\n}}\n"
TRAIN = """data d {{
  source = {source}
  x : f32[8]
  y : f32[1]
}}
model Net {{
  input x : f32[8]
  output z = x -> dense(1)
}}
train {{
  model     = Net
  data      = d
  loss      = mean_squared_error(y, z)
  optimizer = {optimizer}
}}
"""

WRITE = f"open('{CANARY}', 'w')"
STRINGS = [
    *('"""', "'''", "'", '\\"', "\\\\", "\\n", "\\t", "\\r", "\\0", "\\x41", "\\u2028", "\\"),
    *("{x}", "{{", "%s", "#", ";", "\u00e9", "\U0001f600", "\u2028", "\ufeff", "\u202e"),
    *("\ud800", "\x00", "\x1b[31m", "# -*- coding: utf-7 -*-", "coding: rot13", "a" * 100_000),
    *(f"__import__('os').system('touch {CANARY}')", f"'+{WRITE}+'", f"');{WRITE}#"),
    *(f'"""\n{WRITE}\n"""', f"\n{WRITE}\n", f"\\n{WRITE}\\n", f"{{{WRITE}}}", "$HOME", "`id`"),
]
# Where a string can stand.
SLOTS = {
    "an argument": 'x = x -> dense(8, name="{}")',
    "an activation": 'x = x -> dense(8, "{}")',
    "a choice": 'x = x -> conv2d(8, 3, padding="{}")',
    "a condition": 'if "{}" == "a" {{ x = x -> dense(8) }}',
    "a value": 's = "{}"',
    "a comment": "x = x -> dense(8)  # {}",
    "a comment in a call": "x = x -> dense(8,  # {}\n    relu)",
    "a block's argument": 'x = x -> dense(8, kernel_initializer="{}")',
}
NAMES = [
    *("class", "None", "True", "match", "_", "__class__", "self", "params", "jax", "jnp", "optax"),
    *("np", "print", "__builtins__", "__import__", "eval", "exec", "open", "lambda", "import"),
    *("state", "batch", "mask", "key", "stats", "init", "predict", "train_step", "optimizer"),
    *("NamedTuple", "partial", "def", "return", "x" * 100_000, "int", "len", "range", "tuple"),
    *("\ufb01t", "\u210c", "a\u0301", "\u0430", "caf\u00e9", "x.y", "x-y", "x y", "1x", "$x", "x;"),
    *("outputs", "loss", "sums", "train", "eval_step", "results", "keys", "rng", "T", "B"),
]
NAME_SLOTS = {
    "an input": "model Net {{\n  input {0} : f32[8]\n  output y = {0} -> dense(1)\n}}\n",
    "an output": "model Net {{\n  input x : f32[8]\n  output {0} = x -> dense(1)\n}}\n",
    "a name": "model Net {{\n  input x : f32[8]\n  {0} = x -> dense(8)\n  output y = {0}\n}}\n",
    "a model": "model {0} {{\n  input x : f32[8]\n  output y = x -> dense(1)\n}}\n",
    "a weight": (
        "model Net {{\n  input x : f32[8]\n  weight {0} : f32[8]\n  output y = x * {0}\n}}\n"
    ),
}
NUMBERS = [
    *("inf", "nan", "1e999", "1e-400", "-0.0", "0x1p-1074", "2147483648", "9223372036854775807"),
    *("9223372036854775808", "18446744073709551616", "9" * 5000, "1e308", "1.5", "-1", "0"),
    *("true", "none", "1_0_0", "0b11", "1e", "1__0", ".5", "5.", "1e+", "9**9**9**9", "2**2**40"),
    *("10**400", "(-8)**0.5", "1/0", "1//0", "0**-1", "1e308*10", "8GiB", "20deg", "5epochs"),
]
NUMBER_SLOTS = {
    "units": "x = x -> dense({})",
    "a rate": "x = x -> dropout({})",
    "rounds": "repeat {} {{ x = x -> dense(2) }}",
    "an axis": "x = x -> softmax(axis={})",
    "a factor": "x = x * ({})",
}


def _spec(body: str) -> str:
    return NET.format(body=body)


def injections() -> dict[str, str]:
    """A."""
    found: dict[str, str] = {}
    for slot, pattern in SLOTS.items():
        for number, text in enumerate(STRINGS):
            found[f"string {number} as {slot}"] = _spec(pattern.format(text))
    for slot, pattern in NAME_SLOTS.items():
        for name in NAMES:
            found[f"{name[:20]!a} as {slot}"] = pattern.format(name)
    for slot, pattern in NUMBER_SLOTS.items():
        for number in NUMBERS:
            found[f"{number[:24]} as {slot}"] = _spec(pattern.format(number))
    return found


def _doubling(statement: str, depth: int) -> str:
    lines = [f"block B0 {{\n  input x : f32[8]\n  {statement}\n  output x\n}}"]
    for number in range(1, depth):
        call = f"x -> B{number - 1} -> B{number - 1}"
        lines.append(f"block B{number} {{\n  input x : f32[8]\n  output {call}\n}}")
    return "\n".join(lines) + "\n" + _spec(f"x = x -> B{depth - 1}")


def _trained(body: str) -> str:
    """A spec of a few hundred weights that is trained as `body` says."""
    return (
        "data d {\n  source = arrays()\n  x : f32[8]\n  y : f32[1]\n}\n"
        + _spec("repeat 200 { x = x -> dense(8) }").replace("output y", "output z")
        + "\ntrain {\n  model = Net\n  data = d\n  loss = mean_squared_error(y, z)\n"
        + f"  optimizer = sgd\n  {body}\n}}\n"
    )


def explosions() -> dict[str, str]:
    """B."""
    nested = "x = x -> dense(8)"
    for _ in range(3):
        nested = f"repeat 1_000 {{ {nested} }}"
    tuples = "\n  ".join(["t0 = (1, 1)"] + [f"t{n} = (t{n - 1}, t{n - 1})" for n in range(1, 60)])
    chains = "\n  ".join(
        ["c0 = dense(8) -> dense(8)"] + [f"c{n} = c{n - 1} -> c{n - 1}" for n in range(1, 60)]
    )
    powers = "\n  ".join(["p0 = 2"] + [f"p{n} = p{n - 1} * p{n - 1}" for n in range(1, 60)])
    many = ", ".join(["x"] * 100_000)
    return {
        "a path of many parts": _trained(f"freeze {'.'.join(['**'] * 100_000)}.x"),
        "a path of wildcards": _trained(f"freeze {'.'.join(['**', '*'] * 31)}.x"),
        "frozen again and again": _trained("\n  ".join(["freeze dense", "unfreeze **"] * 20_000)),
        "many phases": _trained("\n  ".join(f"phase p{n} {{ }}" for n in range(20_000))),
        "many groups": _trained("\n  ".join(["optimizer **.bias = adam"] * 20_000)),
        "a billion rounds": _spec("repeat 1_000_000_000 { x = x -> dense(8) }"),
        "empty rounds": _spec("repeat 1_000_000_000 { }"),
        "rounds from below": _spec("repeat i in -9_000_000_000..9 { x = x -> dense(8) }"),
        "rounds in rounds in rounds": _spec(nested),
        "blocks that double": _doubling("x = x -> dense(8)", 40),
        "empty blocks that double": _doubling("y = x", 40),
        "tuples that double": _spec(tuples + "\n  x = x -> dense(t59)"),
        "chains that double": _spec(chains + "\n  x = x -> c59"),
        "numbers that square": _spec(powers),
        "a block in itself": "block A {\n  input x : f32[8]\n  output x -> A\n}\n"
        + _spec("x = x -> A"),
        "two blocks in each other": (
            "block A {\n  input x : f32[8]\n  output x -> B\n}\n"
            "block B {\n  input x : f32[8]\n  output x -> A\n}\n" + _spec("x = x -> A")
        ),
        "a block as its own default": _spec("x = x -> Net"),
        "units without end": _spec("x = x -> dense(2 ** 40)"),
        "a weight without end": _spec("weight w : f32[2_000_000_000, 2_000_000_000]"),
        "an axis without end": "model N {\n  input x : f32[9_999_999_999]\n  output y = x\n}\n",
        "axes whose product has no end": (
            "model N {\n  input x : f32[2_000_000_000, 2_000_000_000, 2_000_000_000]\n"
            "  output y = x -> flatten -> dense(1)\n}\n"
        ),
        "a thousand axes": (
            f"model N {{\n  input x : f32[{', '.join(['2'] * 1000)}]\n  output y = x\n}}\n"
        ),
        "a vocabulary without end": (
            "model N {\n  input x : i32[8]\n"
            "  output y = x -> embedding(2 ** 31 - 1, 2 ** 31 - 1)\n}\n"
        ),
        "a kernel without end": (
            "model N {\n  input x : f32[8, 8, 1]\n  output y = x -> conv2d(1, 2 ** 31)\n}\n"
        ),
        "a dilation without end": (
            "model N {\n  input x : f32[8, 8, 1]\n"
            "  output y = x -> conv2d(1, 3, dilation_rate=2 ** 31)\n}\n"
        ),
        "a hundred thousand operands": _spec(f"x = concatenate({many})"),
        "a hundred thousand elements": _spec(f"t = ({many})"),
        "ten thousand statements": _spec("\n  ".join(["x = x -> relu"] * 10_000)),
        "twenty thousand blocks": "".join(
            f"block B{n} {{\n  input x : f32[8]\n  output x\n}}\n" for n in range(5_000)
        )
        + _spec("x = x -> B0"),
        "a name of a million characters": _spec(f"{'n' * 1_000_000} = x"),
        "a comment of a million characters": _spec("#" + "c" * 1_000_000),
        "a long line": _spec("x = x" + " " * 900_000),
        "two million characters": "#" * 2_000_000,
        "batches without end": TRAIN.format(
            source="arrays()", optimizer="adam\n  batch = 10 ** 18"
        ),
        "epochs without end": TRAIN.format(
            source="arrays()", optimizer="adam\n  epochs = 10 ** 18"
        ),
        "many mistakes": _spec("\n  ".join(f"a{n} = unknown{n} + 1" for n in range(2_000))),
        "many mistakes of syntax": _spec("\n  ".join(["= ="] * 2_000)),
    }


def unreadable() -> dict[str, str]:
    """C."""
    deep = {"(": ")", "[": "]", "{": "}"}
    found: dict[str, str] = {}
    for opening, closing in deep.items():
        for depth in (100, 1_000, 10_000, 100_000):
            found[f"{depth} {opening}"] = _spec(f"x = {opening * depth}x{closing * depth}")
            found[f"{depth} {opening} that are not closed"] = _spec(f"x = {opening * depth}")
            found[f"{depth} {closing} that are not opened"] = _spec(f"x = {closing * depth}")
    whole = _spec(
        "x = x -> dense(8, relu) # a\n  repeat i in 0..3 { x = x[..., 0:8] }\n  t = [1, 2]"
    )
    for cut in range(0, len(whole), 9):
        found[f"cut off at {cut}"] = whole[:cut]
    found |= {
        "nothing": "",
        "a space": " ",
        "line ends": "\n" * 10_000,
        "only a comment": "# nothing",
        "a string that does not end": 'x = "' + "\\" * 100_000,
        "a string of escapes": f'param x : str = "{chr(92) * 100_000}"',
        "almost a number": _spec("x = x * " + "1e" * 10_000),
        "underscores": _spec("x = x * 1" + "_" * 100_000),
        "a hundred thousand names": _spec("x = " + "aaaa " * 100_000),
        "arrows": _spec("x = x" + " -> relu" * 10_000),
        "additions": _spec("x = x" + " + x" * 10_000),
        "minus signs": _spec("x = " + "-" * 100_000 + "x"),
        "nots": _spec("if " + "not " * 10_000 + "true { x = x }"),
        "powers": _spec("x = 1" + " ** 1" * 10_000),
        "dots": _spec("x = x" + ".a" * 10_000),
        "indices": _spec("x = x" + "[0]" * 10_000),
        "else if": _spec("if false { x = x }" + " else if false { x = x }" * 10_000),
        "blocks in blocks": _spec("if true { " * 200 + "x = x" + " }" * 200),
        "mixed line ends": "model N {\r\n  input x : f32[8]\r  output y = x\n}\n",
        "tabs": "model\tN\t{\n\tinput\tx\t:\tf32[8]\n\toutput\ty\t=\tx\n}\n",
        "form feeds": "model N {\f}\v",
        "a byte order mark inside": "model \ufeffN { }",
        "text that is turned round": "model N { # \u202e\n}",
        "wide characters": "model \uff2e\uff45\uff54 { }",
        "surrogates": "model N { # \udcff\n}",
        "continuations": _spec("x = x\n" + "\n".join(["  ->"] * 1_000)),
        "commas": _spec("x = (" + "," * 10_000 + ")"),
        "colons": _spec("x = x[" + ":" * 10_000 + "]"),
        "ellipses": _spec("x = x[" + "...," * 10_000 + "]"),
    }
    return found


PATHS = [
    *("../x", "a/../../x", "/etc/passwd", "~/x", "$HOME/x", "//server/x", "\\\\server\\x", "C:\\x"),
    *(
        "C:x",
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "https://x/y",
        "gs://b/x",
        "s3://b/x",
    ),
    *("link", "linked/secret", "dangling", "fifo", "socket", "/dev/zero", "/dev/random", "folder"),
    *("/proc/self/environ", "/proc/self/mem", "folder/../folder/../../secret", ".", "..", "", "./"),
    *(
        "a" * 5000,
        "a/" * 2000 + "b",
        "x.",
        "x ",
        "CON",
        "*.npz",
        "folder/*",
        "loop",
        "x\\0y",
        "\\n",
    ),
    *("....//x", "%2e%2e/x", "folder/./../../x", "-", "|id", "nul", "\u2024\u2024/x", "..\\x"),
]
PATH_SLOTS = {
    "npz": TRAIN.format(source='npz("{}")', optimizer="adam"),
    "csv": TRAIN.format(source='csv("{}")', optimizer="adam"),
    "idx": TRAIN.format(source='idx(x="{}", y="{}")', optimizer="adam"),
    "images": TRAIN.format(source='image_folder("{}", size=2)', optimizer="adam"),
    "split": TRAIN.format(
        source='arrays()\n  split = {{ train: npz("{}"), test: npz("{}") }}', optimizer="adam"
    ),
    "extern": 'extern "{}:f" : f32[8] -> f32[8]\n' + NET.format(body="x = x -> f"),
    "extern below": 'extern "{}/ops.py:f" : f32[8] -> f32[8]\n' + NET.format(body="x = x -> f"),
    "import": 'import "{}"\n' + NET.format(body=""),
    "import below std": 'import "std/{}"\n' + NET.format(body=""),
}


def paths() -> dict[str, str]:
    """D."""
    found: dict[str, str] = {}
    for slot, text in PATH_SLOTS.items():
        for path in PATHS:
            found[f"{path[:40]!a} in {slot}"] = text.replace("{}", path)
    return found
