"""`image_folder`: classes from folders, a cache, and what is refused."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from io import BytesIO

import numpy as np
import pytest

from kspec.data.arrays import ArrayTable
from kspec.data.dataset import from_tables
from kspec.data.declaration import DataDeclaration
from kspec.data.folders import FoundFile
from kspec.data.images import Look, decode
from kspec.diagnostics.errors import PackageMissing
from kspec.ir import Call
from kspec.registry import make
from tests.data.conftest import picture
from tests.data.harness import dataset, field, refused, shown


def source(**args: object) -> Call:
    """A call of the source."""
    return Call("image_folder", {"path": "flowers", "size": (8, 6), **args})


def opened(folder, **args: object):
    """An open table."""
    return make("source", source(**args)).open(folder)


# --- what it gives


def test_sub_folders_are_the_classes_in_sorted_order(flowers):
    table = opened(flowers)
    rows = table.read(np.arange(len(table)), ("image", "label"))
    assert table.columns["label"].names == ("daisy", "rose", "tulip")
    assert rows["image"].shape == (6, 8, 6, 3) and rows["image"].dtype == np.uint8
    np.testing.assert_array_equal(rows["label"], [0, 0, 1, 1, 2, 2])
    assert [table.place(row, "image") for row in range(6)] == [
        "`flowers/daisy/d.png`",
        "`flowers/daisy/e.gif`",
        "`flowers/rose/Gray.PNG`",
        "`flowers/rose/deep/er/c.bmp`",
        "`flowers/tulip/a.jpg`",
        "`flowers/tulip/b.png`",
    ]
    one = table.read(np.array([4, 1]), ("image",))["image"]
    np.testing.assert_array_equal(one, rows["image"][[4, 1]])


def test_the_data_block_counts_and_names_the_classes(flowers):
    types = {"image": "u8[8,6,3]", "label": "class"}
    data = dataset(flowers, source(), {"train": 0.5, "test": 0.5}, **types)
    assert data.splits["train"].class_names == {"label": ("daisy", "rose", "tulip")}
    assert data.splits["train"].arrays["label"].dtype == np.int32
    assert dataset(flowers, source(), {"train": 1.0}, **types | {"label": "class[3]"})
    wrong = refused(dataset, flowers, source(), {"train": 1.0}, label="class[5]")
    assert wrong.code == "E513" and "daisy, rose, tulip" in shown(wrong)


def test_a_wrong_size_is_found_before_an_image_is_read(flowers):
    (flowers / "flowers" / "rose" / "z.png").write_bytes(b"damaged")
    wrong = refused(dataset, flowers, source(), {"train": 1.0}, image="u8[9,6,3]")
    assert wrong.code == "E505" and "u8[8, 6, 3]" in shown(wrong)


def test_numbers_as_names_are_names(tmp_path):
    for number, name in enumerate(["10", "2", "7"]):
        (tmp_path / "flowers" / name).mkdir(parents=True)
        picture(number).save(tmp_path / "flowers" / name / "a.png")
    for label in ("class", "class[3]"):
        data = dataset(tmp_path, source(), {"train": 1.0}, label=label).splits["train"]
        np.testing.assert_array_equal(data.arrays["label"], [0, 1, 2])
        assert data.class_names == {"label": ("10", "2", "7")}


def test_another_split_has_the_numbers_of_the_first(flowers):
    (flowers / "flowers" / "rose").rename(flowers / "rose")
    (flowers / "more" / "tulip").mkdir(parents=True)
    picture(1).save(flowers / "more" / "tulip" / "a.png")
    split = {"train": source(), "test": source(path="more")}
    data = dataset(flowers, None, split, label="class").splits["test"]
    np.testing.assert_array_equal(data.arrays["label"], [1])
    assert data.class_names == {"label": ("daisy", "tulip")}
    (flowers / "rose").rename(flowers / "more" / "rose")
    unknown = refused(dataset, flowers, None, split, label="class")
    assert unknown.code == "E513" and "rose" in shown(unknown)


def test_words_from_python_fit_the_numbers_of_the_folders(flowers):
    words = ArrayTable({"label": np.array(["tulip", "daisy"])}, "the data")
    declaration = DataDeclaration((field("label", "class"),), None, {})
    splits = from_tables(declaration, {"train": opened(flowers), "test": words}).splits
    np.testing.assert_array_equal(splits["test"].arrays["label"], [2, 0])


def test_a_folder_without_sub_folders_gives_images_alone(flowers):
    table = opened(flowers, path="flowers/tulip", size=5, color_mode="grayscale")
    assert set(table.columns) == {"image"} and len(table) == 2
    assert table.columns["image"].shape == (5, 5, 1)
    missing = refused(dataset, flowers, source(path="flowers/tulip"), {"train": 1.0}, label="class")
    assert missing.code == "E504" and "it has `image`" in shown(missing)


# --- the fingerprint and the cache


def test_the_fingerprint_is_of_the_content(flowers):
    before = opened(flowers).fingerprint()
    flowers.joinpath("flowers/rose/Gray.PNG").touch()
    assert opened(flowers).fingerprint() == before
    assert opened(flowers, size=(6, 8)).fingerprint() != before
    flowers.joinpath("flowers/rose").rename(flowers / "flowers/peony")
    renamed = opened(flowers).fingerprint()
    assert renamed != before
    picture(99).save(flowers / "flowers/peony/Gray.PNG")
    assert opened(flowers).fingerprint() not in (before, renamed)


def images(folder) -> np.ndarray:
    table = opened(folder)
    return table.read(np.arange(len(table)), ("image",))["image"]


def test_decoded_images_are_kept_and_a_damaged_cache_is_made_anew(flowers, cache, monkeypatch):
    first = np.array(images(flowers))  # not the file, which is damaged below
    (kept,) = (cache / "images").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("kspec.data.image_folder.decode", None)  # nothing is decoded again
        again = images(flowers)
    assert isinstance(again, np.memmap)
    np.testing.assert_array_equal(again, first)
    good = kept.read_bytes()
    flipped = bytearray(good)
    flipped[200] ^= 1
    for content in (bytes(flipped), good[:-1], good[: len(good) // 2], b"", good + b"\0"):
        kept.write_bytes(content)
        np.testing.assert_array_equal(images(flowers), first)
        assert kept.read_bytes() == good


def test_other_content_is_never_taken_from_the_cache(flowers):
    first = images(flowers)
    picture(99).save(flowers / "flowers/tulip/b.png")
    second = images(flowers)
    np.testing.assert_array_equal(first[:5], second[:5])
    assert (first[5] != second[5]).any()


def test_it_works_without_a_cache_that_can_be_written(flowers, tmp_path, monkeypatch):
    first = images(flowers)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    np.testing.assert_array_equal(images(flowers), first)


def test_the_cache_keeps_what_was_used_last(flowers, cache, monkeypatch):
    images(flowers)
    size = next((cache / "images").iterdir()).stat().st_size
    monkeypatch.setattr("kspec.data.cache.LARGEST", 2 * size)
    for seed in range(3):
        picture(seed + 50).save(flowers / "flowers/tulip/b.png")
        images(flowers)
    assert len(list((cache / "images").iterdir())) == 2


# --- what is refused


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is of that size, and holds nothing."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    ends = b"IDAT" + zlib.compress(b"")
    chunks = [(head, 13), (ends, len(ends) - 4), (b"IEND", 0)]
    packed = [struct.pack(">I", n) + c + struct.pack(">I", zlib.crc32(c)) for c, n in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def whole_png() -> bytes:
    stream = BytesIO()
    picture(1, 40, 40).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.png", png_header(60_000, 60_000), "more than 89,478,485 pixels"),
        ("a.png", png_header(10_000, 10_000), "more than 89,478,485 pixels"),
        ("a.png", png_header(40, 40), ""),
        ("a.png", whole_png()[:-300], ""),
        ("a.png", whole_png()[:60] + b"\xff" * 40 + whole_png()[100:], ""),
        ("a.jpg", b"", "no image of a known format"),
        ("a.jpg", b"\xff\xd8\xff\xe0 and words", ""),
        ("a.jpeg", b"GIF89a", ""),
        ("a.gif", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image"),
        ("a.bmp", b"BM" + b"\xff" * 60, ""),
        ("a.webp", b"RIFF", "the images that are read are .bmp, .gif, .jpeg, .jpg and .png"),
        ("a.tiff", b"II*\0", "the images that are read"),
    ],
    ids=range(12),
)
def test_a_bad_image_is_named(flowers, name, content, reason):
    (flowers / "flowers" / "rose" / name).write_bytes(content)
    mistake = refused(images, flowers)
    assert mistake.code == "E502"
    assert f"`flowers/rose/{name}`" in shown(mistake) and reason in shown(mistake)


def test_folders_without_images_and_images_without_a_class_are_named(flowers):
    (flowers / "flowers" / "aster").mkdir()
    (flowers / "flowers" / "aster" / "notes.txt").touch()
    assert "`flowers/aster` cannot be read: it has no images" in shown(refused(opened, flowers))
    (flowers / "flowers" / "aster" / "notes.txt").unlink()
    picture(0).save(flowers / "flowers" / "aster" / "a.png")
    picture(0).save(flowers / "flowers" / "lost.png")
    mistake = shown(refused(opened, flowers))
    assert "`flowers/lost.png`" in mistake and "none of the 4 classes" in mistake
    (flowers / "empty").mkdir()
    assert "`empty` cannot be read" in shown(refused(opened, flowers, path="empty"))
    assert refused(opened, flowers, path="nowhere").code == "E501"
    assert "not a folder" in shown(refused(opened, flowers, path="flowers/tulip/b.png"))


def test_links_that_leave_the_folder_are_named(flowers, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    picture(0).save(outside / "secret.png")
    link = flowers / "flowers" / "rose" / "link.png"
    link.symlink_to(outside / "secret.png")
    mistake = refused(opened, flowers)
    assert mistake.code == "E503" and "`flowers/rose/link.png`" in shown(mistake)
    link.unlink()
    link.symlink_to(flowers / "flowers" / "tulip" / "b.png")
    assert len(opened(flowers)) == 7
    link.unlink()
    folder = flowers / "flowers" / "aster"
    folder.symlink_to(outside)
    mistake = refused(opened, flowers)
    assert mistake.code == "E503" and "`flowers/aster`" in shown(mistake)
    folder.unlink()
    (flowers / "flowers" / "rose" / "more").symlink_to(outside)
    assert "a link to a folder" in shown(refused(opened, flowers))
    for path in ("../outside", "/etc", "flowers/../flowers"):
        assert refused(opened, flowers, path=path).code == "E503"


def test_a_pipe_is_no_image(flowers):
    os.mkfifo(flowers / "flowers" / "rose" / "pipe.png")
    assert "not a regular file" in shown(refused(opened, flowers))
    pipe = FoundFile(flowers / "flowers" / "rose" / "pipe.png", "pipe.png")
    assert "not a regular file" in shown(refused(decode, (pipe,), Look((2, 2))))


def test_a_file_that_changes_while_it_is_read_is_refused(flowers):
    table = opened(flowers)
    picture(99).save(flowers / "flowers/tulip/b.png")
    mistake = refused(table.read, np.arange(6), ("image",))
    assert "`flowers/tulip/b.png`" in shown(mistake) and "changed" in shown(mistake)


def test_more_images_than_memory_are_refused(flowers, monkeypatch):
    monkeypatch.setattr("kspec.data.images.memory", lambda: 6 * 8 * 6 * 3 - 1)
    mistake = refused(images, flowers)
    assert "would take 864 bytes of memory, and there are 863" in shown(mistake)


def test_without_pillow_the_extra_is_named(flowers, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    mistake = refused(images, flowers)
    assert mistake.code == PackageMissing.code
    assert 'pip install "kspec[image]"' in shown(mistake)
