"""Read image files: found in folders, decoded in threads, brought to one size."""

from __future__ import annotations

import hashlib
import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar

from kspec.data.extras import need
from kspec.data.paths import unreadable
from kspec.data.resampling import Interpolation, fit, resize

if TYPE_CHECKING:
    from kspec.data.base import Array

ColorMode: TypeAlias = Literal["grayscale", "rgb", "rgba"]
CHANNELS: Final = {"grayscale": 1, "rgb": 3, "rgba": 4}
ENDINGS: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png")  # those of Keras
SHOWN_ENDINGS: Final = f"{', '.join(ENDINGS[:-1])} and {ENDINGS[-1]}"
# Images that Keras passes over without a word.
_OTHER_ENDINGS: Final = (".avif", ".heic", ".heif", ".jp2", ".svg", ".tif", ".tiff", ".webp")
_FORMATS: Final = ("BMP", "GIF", "JPEG", "PNG")
MOST_PIXELS: Final = 89_478_485  # of one image: a quarter of a gibibyte in three colors
LARGEST_FILE: Final = 2**28  # bytes of one image

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Look:
    """What images become.

    Attributes:
        size: Rows and columns.
        color_mode: Which channels.
        interpolation: How they are resized.
        crop: Whether to cut what does not fit the size's proportions.
        pad: Whether to frame what does not.
    """

    size: tuple[int, int]
    color_mode: ColorMode = "rgb"
    interpolation: Interpolation = "bilinear"
    crop: bool = False
    pad: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one image."""
        return (*self.size, CHANNELS[self.color_mode])


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file to read.

    Attributes:
        path: Where it is.
        shown: What messages call it.
    """

    path: Path
    shown: str


def find_images(folder: Path, shown: str) -> Iterator[str]:
    """The images in and below a folder, by their paths from there, in the order of Keras.

    What begins with a dot is passed over, and files that are no images.

    Args:
        folder: The folder; links to other folders are not followed.
        shown: What messages call it.

    Raises:
        SpecError: It has images of other formats, links to folders, or cannot be listed.
    """

    def refuse(error: OSError) -> None:
        raise unreadable(shown, error.strerror or "it cannot be listed")

    walk = os.walk(folder, onerror=refuse)
    for root, folders, files in sorted(walk, key=lambda each: each[0]):
        below = Path(root).relative_to(folder)
        if any(part.startswith(".") for part in below.parts):
            continue
        for name in sorted(folders):
            if (Path(root) / name).is_symlink() and not name.startswith("."):
                reason = "it is a link to a folder, and those are not followed"
                raise unreadable(_join(shown, below / name), reason)
        for name in sorted(files):
            ending = os.path.splitext(name)[1].lower()  # noqa: PTH122 - as Keras: `.jpg` has none
            if name.startswith(".") or ending not in (*ENDINGS, *_OTHER_ENDINGS):
                continue
            if ending in _OTHER_ENDINGS:
                reason = f"the images that are read are {SHOWN_ENDINGS}"
                raise unreadable(_join(shown, below / name), reason)
            yield (below / name).as_posix()


def _join(shown: str, below: Path) -> str:
    return (Path(shown) / below).as_posix()


def digests(files: tuple[ImageFile, ...]) -> tuple[str, ...]:
    """A hash of the content of each file. Raises SpecError for one that cannot be read."""

    def digest(file: ImageFile) -> str:
        return hashlib.sha256(_content(file)).hexdigest()

    return tuple(_threaded(digest, files))


def decode(files: tuple[ImageFile, ...], look: Look, known: tuple[str, ...] = ()) -> Array:
    """All images, u8[images, *look.shape].

    Args:
        files: The files.
        look: What they become.
        known: The hashes of their contents; a file that has changed since is refused.

    Raises:
        SpecError: A file cannot be read or is no image, or Pillow is not installed.
    """
    import numpy as np

    pillow = need("PIL.Image", "Pillow", "image", "reading images")
    size, most = len(files) * math.prod(look.shape), memory()
    if size > most:
        reason = f"it and the others would take {size:,} bytes of memory, and there are {most:,}"
        raise unreadable(files[0].shown, reason)
    images = np.empty((len(files), *look.shape), np.uint8)

    def load(number: int) -> None:
        file = files[number]
        content = _content(file)
        if known and hashlib.sha256(content).hexdigest() != known[number]:
            raise unreadable(file.shown, "it was changed while it was read")
        images[number] = _decode(content, file, look, pillow)

    with warnings.catch_warnings():  # of damaged notes in files, which do not matter
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", pillow.DecompressionBombWarning)
        _threaded(load, range(len(files)))
    return images


def memory() -> int:
    """Bytes of the machine's memory; 64 GiB where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 64 * 2**30


def _threaded(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Do work for all items; the first mistake is the one of the first item that has one."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            return list(pool.map(work, items))
        finally:
            pool.shutdown(cancel_futures=True)


def _content(file: ImageFile) -> bytes:
    try:
        if not file.path.is_file():  # reading a pipe would wait for ever
            raise unreadable(file.shown, "it is not a regular file")
        with file.path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise unreadable(file.shown, error.strerror or "it cannot be read") from None
    if len(content) > LARGEST_FILE:
        raise unreadable(file.shown, f"it is larger than {LARGEST_FILE:,} bytes")
    return content


def _decode(content: bytes, file: ImageFile, look: Look, pillow: Any) -> Array:
    """One image, u8[*look.shape]."""
    import numpy as np

    try:
        with pillow.open(BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise pillow.DecompressionBombError
            array = np.asarray(_colored(image, look.color_mode, pillow))
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning):
        reason = f"it claims to have more than {MOST_PIXELS:,} pixels"
        raise unreadable(file.shown, reason) from None
    except pillow.UnidentifiedImageError:
        raise unreadable(file.shown, "it is no image of a known format") from None
    # All that decoders raise for damaged files.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError) as error:
        reason = str(error).split("\n")[0] or "it is damaged"
        raise unreadable(file.shown, reason) from None
    array = array.reshape(*array.shape[:2], -1)
    return resize(fit(array, look.size, look.crop, look.pad), look.size, look.interpolation)


def _colored(image: Any, mode: ColorMode, pillow: Any) -> Any:
    """The image with the wanted channels."""
    import numpy as np

    if image.mode.startswith("I"):  # 16 bits: the upper 8 are kept
        image = pillow.fromarray((np.asarray(image) // 256).astype(np.uint8))
    if image.mode == "P":  # or transparent colors of a palette would be warned of
        image = image.convert("RGBA")
    wanted = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}[mode]
    return image if image.mode == wanted else image.convert(wanted)
