"""Images in folders, one folder a class."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, final

from kspec.data.base import Column, DataSource, Table, arg, source
from kspec.data.cache import cached
from kspec.data.images import (
    ENDINGS,
    SHOWN_ENDINGS,
    ColorMode,
    ImageFile,
    Look,
    decode,
    digests,
    find_images,
)
from kspec.data.paths import resolve, resolve_folder, unreadable
from kspec.data.resampling import Interpolation

if TYPE_CHECKING:
    from kspec.data.base import Array, Rows

FORMAT = 1  # of what is kept of images: a new number for every change of what they become


class ImageTable:
    """Images that are decoded when they are asked for, and kept.

    Args:
        shown: What messages call the folder.
        files: The images.
        labels: Their class numbers; None where there are no classes.
        classes: The names of the classes.
        look: What the images become.
    """

    def __init__(
        self,
        shown: str,
        files: tuple[ImageFile, ...],
        labels: Array | None,
        classes: tuple[str, ...],
        look: Look,
    ) -> None:
        self.origin = f"`{shown}`"
        self.files = files
        self.labels = labels
        self.classes = classes
        self.look = look
        self._digests = digests(files)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def columns(self) -> Mapping[str, Column]:
        """`image`, and `label` where there are classes."""
        columns = {"image": Column("u8", self.look.shape)}
        if self.labels is not None:
            columns["label"] = Column("i32", (), self.classes)
        return columns

    def read(self, rows: Rows, columns: tuple[str, ...]) -> dict[str, Array]:
        """The rows; all of them in order are not copied."""
        import numpy as np

        found: dict[str, Array] = {}
        if "image" in columns:
            images = cached("images", self._key(), self._decode)
            whole = len(rows) == len(self) and np.array_equal(rows, np.arange(len(self)))
            found["image"] = images if whole else images[rows]
        if "label" in columns and self.labels is not None:
            found["label"] = self.labels[rows]
        return found

    def place(self, row: int, column: str) -> str:
        """The file: `flowers/rose/1.jpg`."""
        del column
        return f"`{self.files[row].shown}`"

    def fingerprint(self) -> str:
        """A hash of the files' contents, their classes, and what they become."""
        labels = () if self.labels is None else (str(label) for label in self.labels)
        return _hash(self._key(), *self.classes, *labels)

    def _key(self) -> str:
        return _hash(f"{FORMAT} {self.look}", *self._digests)

    def _decode(self) -> Array:
        return decode(self.files, self.look, self._digests)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


@final
@source("image_folder")
class ImageFolder(DataSource):
    """Images in sub-folders, one a class, as Keras' `image_dataset_from_directory` takes them.

    Gives `image`, u8[*size, channels], and `label`, whose classes are the sub-folders in sorted
    order. A folder without sub-folders gives images alone.
    """

    path: str = arg(doc="The folder, from the spec's folder.")
    size: int | tuple[int, int] = arg(default=(256, 256), doc="Height and width of the result.")
    color_mode: ColorMode = arg(default="rgb", doc="Which channels: 1, 3 or 4.")
    interpolation: Interpolation = arg(default="bilinear", doc="How images are resized.")
    crop_to_aspect_ratio: bool = arg(
        default=False, doc="Whether to cut what does not fit, and distort nothing."
    )
    pad_to_aspect_ratio: bool = arg(
        default=False, doc="Whether to fill the shorter side up, and distort nothing."
    )

    def check(self) -> str | None:
        """There are pixels, and one way to keep proportions."""
        if min(self.look().size) < 1:
            return "size must be at least 1"
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            return "crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other"
        return None

    def look(self) -> Look:
        """What the images become."""
        size = (self.size, self.size) if isinstance(self.size, int) else self.size
        crop, pad = self.crop_to_aspect_ratio, self.pad_to_aspect_ratio
        return Look(size, self.color_mode, self.interpolation, crop, pad)

    def open(self, folder: Path) -> Table:
        """List the images; they are decoded when they are read."""
        import numpy as np

        real = resolve_folder(folder, self.path)
        classes = _classes(real, self.path)
        names = [str(each) for each in find_images(real, self.path)] if not classes else []
        labels: list[int] = []
        for number, name in enumerate(classes):
            shown = f"{self.path}/{name}"
            found = list(find_images(resolve_folder(folder, shown), shown))
            if not found:
                raise unreadable(shown, "it has no images, and would be a class of them")
            names += [f"{name}/{each}" for each in found]
            labels += [number] * len(found)
        if not names:
            raise unreadable(self.path, f"it has no images ({SHOWN_ENDINGS})")
        shown_names = [f"{self.path}/{name}" for name in names]
        files = tuple(ImageFile(resolve(folder, shown), shown) for shown in shown_names)
        numbers = np.array(labels, np.int32) if classes else None
        return ImageTable(self.path, files, numbers, classes, self.look())


def _classes(folder: Path, shown: str) -> tuple[str, ...]:
    """The names of the sub-folders, sorted. Raises SpecError for images beside them."""
    try:
        listed = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
        entries = sorted(listed, key=lambda entry: entry.name)
        classes = tuple(entry.name for entry in entries if entry.is_dir())
    except OSError as error:
        raise unreadable(shown, error.strerror or "it cannot be listed") from None
    if classes:
        for entry in entries:
            if entry.name not in classes and entry.suffix.lower() in ENDINGS:
                reason = f"it is in no sub-folder, and so in none of the {len(classes)} classes"
                raise unreadable(f"{shown}/{entry.name}", reason)
    return classes
