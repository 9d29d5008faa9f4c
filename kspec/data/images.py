"""Read image files: decoded in threads, brought to one size."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from kspec.data.extras import need
from kspec.data.folders import FileKind, FoundFile, content_of, threaded
from kspec.data.memory import memory
from kspec.data.paths import reason_of, unreadable
from kspec.data.resampling import Interpolation, fit, resize
from kspec.diagnostics import SpecError

if TYPE_CHECKING:
    from kspec.data.base import Array

ColorMode: TypeAlias = Literal["grayscale", "rgb", "rgba"]
CHANNELS: Final = {"grayscale": 1, "rgb": 3, "rgba": 4}
IMAGES: Final = FileKind(
    "images",
    (".bmp", ".gif", ".jpeg", ".jpg", ".png"),  # those of Keras
    # Images that Keras passes over without a word.
    (".avif", ".heic", ".heif", ".jp2", ".svg", ".tif", ".tiff", ".webp"),
)
_FORMATS: Final = ("BMP", "GIF", "JPEG", "PNG")
MOST_PIXELS: Final = 89_478_485  # of one image: a quarter of a gibibyte in three colors


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


def decode(
    files: tuple[FoundFile, ...],
    look: Look,
    known: tuple[str, ...] = (),
    bad: dict[int, str] | None = None,
) -> Array:
    """All images, u8[images, *look.shape].

    Args:
        files: The files.
        look: What they become.
        known: The hashes of their contents; a file that has changed since is refused.
        bad: Gets why a file is no image, by its number, and its image is black; None where that
            is a mistake.

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
        content = content_of(file, known[number] if known else "")
        try:
            images[number] = _decode(content, file, look, pillow)
        except SpecError as error:
            if bad is None:
                raise
            images[number] = 0
            bad[number] = reason_of(error)

    with warnings.catch_warnings():  # of damaged notes in files, which do not matter
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", pillow.DecompressionBombWarning)
        threaded(load, range(len(files)))
    return images


def _decode(content: bytes, file: FoundFile, look: Look, pillow: Any) -> Array:
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
