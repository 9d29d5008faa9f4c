"""Images in folders, one folder a class."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, final

from kspec.data.base import Column, DataSource, Table, arg, source
from kspec.data.cache import cached, cached_text
from kspec.data.columns import hash_of
from kspec.data.folders import FolderTable, Listing, digests, list_folder
from kspec.data.images import IMAGES, ColorMode, Look, decode
from kspec.data.resampling import Interpolation

if TYPE_CHECKING:
    from kspec.data.base import Array

FORMAT = 1  # of what is kept of images: a new number for every change of what they become


@final
class ImageTable(FolderTable):
    """Images that are decoded when they are asked for, and kept.

    Args:
        listing: The images.
        look: What they become.
        lenient: Whether files that are no images are told by `unread`, and no mistake.
    """

    def __init__(self, listing: Listing, look: Look, lenient: bool = False) -> None:
        self.look = look
        self._lenient = lenient
        self._digests = digests(listing.files)
        key = hash_of(f"{FORMAT} {look}", *self._digests)
        super().__init__(listing, "image", Column("u8", look.shape), key)

    def load(self) -> Array:
        """All images."""
        files = self.listing.files
        key = hash_of(self.key, "leniently") if self._lenient else self.key
        bad: dict[int, str] | None = {} if self._lenient else None
        return cached("images", key, lambda: decode(files, self.look, self._digests, bad))

    def unread(self, columns: tuple[str, ...]) -> dict[int, tuple[str, str]]:
        """The files that are no images."""
        if not self._lenient or self.name not in columns:
            return {}

        def find() -> str:
            bad: dict[int, str] = {}
            decode(self.listing.files, self.look, self._digests, bad)
            return json.dumps(sorted(bad.items()))

        bad = json.loads(cached_text("images", hash_of(self.key, "bad"), find))
        return {row: (self.name, reason) for row, reason in bad}


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
        return ImageTable(list_folder(folder, self.path, IMAGES), self.look())

    def open_leniently(self, folder: Path) -> Table:
        """As `open`; files that are no images are told."""
        return ImageTable(list_folder(folder, self.path, IMAGES), self.look(), lenient=True)
