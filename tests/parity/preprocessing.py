"""Layers that Keras only has with TensorFlow, or that learn from data: what to compare.

Keras' answers are in `recorded/preprocessing.json`. This writes them anew, from the root of
the repository, where TensorFlow and Keras 3.15.1 are installed:

    KERAS_BACKEND=jax python -m tests.parity.preprocessing
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

RECORDED = Path(__file__).parent / "recorded" / "preprocessing.json"

_TEXTS = (
    "The cat sat on the mat.|A dog! A cat? NO dog...|the THE the|  tabs\tand\nlines  "
    "|Größe and ÀÉ stay, isn't it|[UNK] is a word|a-b_c (d) {e}||one two three four five six"
)
_OTHERS = "the dog and the cat|nothing known here||A cat sat; a DOG sat|größe GRÖSSE é"
_CITIES = "Rome|Oslo|Rome|Paris|Oslo|Rome|Bern||Ulm"
_LONG = "Rome|Nowhere|Oslo||Atlantis, which lies beyond the pillars of Hercules|Bern|x|日本|Zürich"

# Columns to learn from, and columns to ask.
_rng = np.random.default_rng(7)
DATA: dict[str, tuple[Any, Any]] = {
    "text": (np.array(_TEXTS.split("|")), np.array(_OTHERS.split("|"))),
    "city": (np.array(_CITIES.split("|")), np.array(_LONG.split("|"))),
    "tags": (
        np.array([["a", "b", "a"], ["c", "a", ""], ["b", "b", "b"]]),
        np.array([["a", "z", "y"], ["", "", "b"], ["c", "a", "c"]]),
    ),
    "number": (
        np.array([3, 5, 3, 9, 5, 3, 40, -1, 9], np.int32),
        np.array([3, 9, 5, 40, 7, 8, -1, -5, 1000], np.int32),
    ),
    "numbers": (
        np.array([[3, 5, 3], [9, 5, 3], [0, -1, 9]], np.int32),
        np.array([[3, 3, 7], [5, 0, 9], [-1, 8, 1]], np.int32),
    ),
    "amount": (
        _rng.normal(50, 20, 500).astype(np.float32),
        np.array([-10, 20, 50, 51.5, 80, 200], np.float32),
    ),
    "features": (
        _rng.normal(3, 2, (200, 4)).astype(np.float32),
        _rng.normal(3, 2, (5, 4)).astype(np.float32),
    ),
    "image": (
        _rng.integers(0, 256, (20, 4, 5, 3)).astype(np.uint8),
        _rng.integers(0, 256, (3, 4, 5, 3)).astype(np.uint8),
    ),
}

# A column, the layer in a spec, and the layer in Keras; what it is called on, if not the column.
CASES: list[tuple[str, str, str]] = [
    ("text", "text_vectorization", "TextVectorization()"),
    ("text", "text_vectorization(max_tokens=8)", "TextVectorization(8)"),
    (
        "text",
        "text_vectorization(output_sequence_length=4)",
        "TextVectorization(output_sequence_length=4)",
    ),
    ("text", "text_vectorization(standardize=lower)", "TextVectorization(standardize='lower')"),
    ("text", "text_vectorization(standardize=none)", "TextVectorization(standardize=None)"),
    (
        "text",
        "text_vectorization(standardize=strip_punctuation)",
        "TextVectorization(standardize='strip_punctuation')",
    ),
    ("text", "text_vectorization(split=character)", "TextVectorization(split='character')"),
    ("text", "text_vectorization(ngrams=2)", "TextVectorization(ngrams=2)"),
    ("text", "text_vectorization(ngrams=(1, 3))", "TextVectorization(ngrams=(1, 3))"),
    *(
        (
            "text",
            f"text_vectorization(max_tokens=12, output_mode={mode})",
            f"TextVectorization(12, output_mode='{mode}')",
        )
        for mode in ("multi_hot", "count", "tf_idf")
    ),
    (
        "text",
        "text_vectorization(max_tokens=90, output_mode=tf_idf)",
        "TextVectorization(90, output_mode='tf_idf', pad_to_max_tokens=True)",
    ),
    (
        "text",
        'text_vectorization(vocabulary=["cat", "dog", "the"], output_mode=count)',
        "TextVectorization(vocabulary=['cat', 'dog', 'the'], output_mode='count')",
    ),
    (
        "text",
        'text_vectorization(vocabulary=["cat", "the"], idf_weights=[2.0, 0.5], output_mode=tf_idf)',
        "TextVectorization(vocabulary=['cat', 'the'], idf_weights=[2.0, 0.5], "
        "output_mode='tf_idf')",
    ),
    ("city", "string_lookup", "StringLookup()"),
    ("city", "string_lookup(max_tokens=3)", "StringLookup(3)"),
    ("city", 'string_lookup(mask_token="")', "StringLookup(mask_token='')"),
    (
        "city",
        'string_lookup(num_oov_indices=3, mask_token="")',
        "StringLookup(num_oov_indices=3, mask_token='')",
    ),
    ("city", 'string_lookup(oov_token="Rome")', "StringLookup(oov_token='Rome')"),
    (
        "city",
        'string_lookup(vocabulary=["Bern", "Rome"], num_oov_indices=2, output_mode=one_hot)',
        "StringLookup(vocabulary=['Bern', 'Rome'], num_oov_indices=2, output_mode='one_hot')",
    ),
    (
        "city",
        "string_lookup(max_tokens=4, output_mode=one_hot)",
        "StringLookup(4, output_mode='one_hot', pad_to_max_tokens=True)",
    ),
    (
        "city",
        "string_lookup(num_oov_indices=5, salt=(17, 42))",
        "StringLookup(num_oov_indices=5, salt=[17, 42])",
    ),
    *(
        (
            "tags",
            f'string_lookup(max_tokens=5, mask_token="", output_mode={mode})',
            f"StringLookup(5, mask_token='', output_mode='{mode}', pad_to_max_tokens=True)",
        )
        for mode in ("int", "one_hot", "multi_hot", "count", "tf_idf")
    ),
    ("number", "integer_lookup", "IntegerLookup()"),
    ("number", "integer_lookup(mask_token=9)", "IntegerLookup(mask_token=9)"),
    ("number", "integer_lookup(num_oov_indices=3)", "IntegerLookup(num_oov_indices=3)"),
    (
        "number",
        "integer_lookup(num_oov_indices=3, oov_method=farmhash)",
        "IntegerLookup(num_oov_indices=3, oov_method='farmhash')",
    ),
    ("number", "integer_lookup(max_tokens=3)", "IntegerLookup(3)"),
    (
        "numbers",
        "integer_lookup(vocabulary=[9, 3], output_mode=count)",
        "IntegerLookup(vocabulary=[9, 3], output_mode='count')",
    ),
    (
        "number",
        "integer_lookup(vocabulary=[12, 7, 30], invert=true)",
        "IntegerLookup(vocabulary=[12, 7, 30], invert=True)",
    ),
    (
        "numbers",
        "integer_lookup(vocabulary=[12, 7, 30], invert=true, num_oov_indices=3, mask_token=-9)",
        "IntegerLookup(vocabulary=[12, 7, 30], invert=True, num_oov_indices=3, mask_token=-9)",
    ),
    (
        "numbers",
        "integer_lookup(vocabulary=[0, -1, -1, 12, 7], oov_token=-1, num_oov_indices=2, "
        "mask_token=0)",
        "IntegerLookup(vocabulary=[0, -1, -1, 12, 7], oov_token=-1, num_oov_indices=2, "
        "mask_token=0)",
    ),
    (
        "text",
        'text_vectorization(vocabulary=["", "[UNK]", "cat", "dog"])',
        "TextVectorization(vocabulary=['', '[UNK]', 'cat', 'dog'])",
    ),
    *(
        (
            "numbers",
            f"integer_lookup(max_tokens=6, output_mode={mode})",
            f"IntegerLookup(6, output_mode='{mode}', pad_to_max_tokens=True)",
        )
        for mode in ("one_hot", "multi_hot", "tf_idf")
    ),
    ("city", "hashing(7)", "Hashing(7)"),
    ("city", 'hashing(7, mask_value="")', "Hashing(7, mask_value='')"),
    ("city", "hashing(7, salt=133)", "Hashing(7, salt=133)"),
    ("city", "hashing(7, salt=(133, 137))", "Hashing(7, salt=[133, 137])"),
    ("number", "hashing(7)", "Hashing(7)"),
    ("number", "hashing(7, mask_value=9)", "Hashing(7, mask_value=9)"),
    ("tags", "hashing(5, output_mode=multi_hot)", "Hashing(5, output_mode='multi_hot')"),
    ("tags", "hashing(5, output_mode=count)", "Hashing(5, output_mode='count')"),
    ("numbers", "hashing(5, output_mode=one_hot)", "Hashing(5, output_mode='one_hot')"),
    ("city+number", "hashed_crossing(9)", "HashedCrossing(9)"),
    ("number+city", "hashed_crossing(9)", "HashedCrossing(9)"),
    ("city+number+city", "hashed_crossing(1_000)", "HashedCrossing(1000)"),
    (
        "city+number",
        "hashed_crossing(9, output_mode=one_hot)",
        "HashedCrossing(9, output_mode='one_hot')",
    ),
    ("numbers", "category_encoding(6)", "CategoryEncoding(6)"),
    ("numbers", "category_encoding(6, output_mode=count)", "CategoryEncoding(6, 'count')"),
    ("numbers", "category_encoding(6, output_mode=one_hot)", "CategoryEncoding(6, 'one_hot')"),
    ("number", "category_encoding(10, output_mode=one_hot)", "CategoryEncoding(10, 'one_hot')"),
    ("amount", "discretization(num_bins=4)", "Discretization(num_bins=4)"),
    (
        "amount",
        "discretization(num_bins=10, epsilon=0.1)",
        "Discretization(num_bins=10, epsilon=0.1)",
    ),
    (
        "amount",
        "discretization(num_bins=3, output_mode=one_hot)",
        "Discretization(num_bins=3, output_mode='one_hot')",
    ),
    (
        "features",
        "discretization(bin_boundaries=[0, 2.5, 4], output_mode=count)",
        "Discretization([0.0, 2.5, 4.0], output_mode='count')",
    ),
    (
        "features",
        "discretization(num_bins=5, output_mode=multi_hot)",
        "Discretization(num_bins=5, output_mode='multi_hot')",
    ),
    ("amount", "normalization", "Normalization(axis=None)"),
    ("features", "normalization", "Normalization()"),
    ("features", "normalization(axis=none)", "Normalization(axis=None)"),
    ("features", "normalization(invert=true)", "Normalization(invert=True)"),
    (
        "features",
        "normalization(mean=2, variance=9)",
        "Normalization(mean=2.0, variance=9.0)",
    ),
    (
        "features",
        "normalization(mean=[1, 2, 3, 4], variance=[1, 4, 0, 16])",
        "Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 4.0, 0.0, 16.0])",
    ),
    ("image", "normalization", "Normalization()"),
    ("image", "normalization(axis=(1, 3))", "Normalization(axis=(1, 3))"),
    ("image", "normalization(axis=(-2, -1))", "Normalization(axis=(-2, -1))"),
]


def columns(name: str) -> list[str]:
    """`city+number`: the columns that a layer takes."""
    return name.split("+")


def _answer(keras: Any, name: str, expression: str) -> list[Any]:
    """What the layer of Keras gives for the columns to ask, after learning from the others."""
    layer = eval(f"keras.layers.{expression}")
    learn = [DATA[each][0] for each in columns(name)]
    ask = [DATA[each][1] for each in columns(name)]
    has_all = getattr(layer, "bin_boundaries", None) or getattr(layer, "input_mean", None)
    lookup = getattr(layer, "_lookup_layer", layer)
    has_all = has_all is not None or getattr(lookup, "_has_input_vocabulary", False)
    if hasattr(layer, "adapt") and not has_all:
        data = learn[0]
        layer.adapt(data.astype(np.float32) if data.dtype == np.uint8 else data)
    given = ask[0] if len(ask) == 1 else tuple(ask)
    return np.asarray(layer(given)).tolist()


def record() -> None:
    """Write Keras' answers."""
    import keras

    answers = {f"{name}: {spec}": _answer(keras, name, other) for name, spec, other in CASES}
    RECORDED.write_text(json.dumps(answers, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
