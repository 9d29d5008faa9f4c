"""Read sound files as numbers in [-1, 1]."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from kspec.data.extras import need
from kspec.data.folders import FileKind, FoundFile
from kspec.data.paths import unreadable
from kspec.data.wav import BadSound, Wave, read_wave

if TYPE_CHECKING:
    from kspec.data.base import Array

SOUNDS: Final = FileKind(
    "sound files",
    (".wav", ".flac", ".ogg"),
    (".aac", ".aif", ".aiff", ".au", ".m4a", ".mp3", ".opus", ".wma"),
)
_FORMATS: Final = ("FLAC", "OGG")
MOST_SAMPLES: Final = 2**28  # of one file, which may be packed


@dataclass(frozen=True, slots=True)
class Sound:
    """What a sound file says of itself.

    Attributes:
        rate: Samples of a channel in a second.
        channels: How many channels there are.
        frames: How many samples each has.
    """

    rate: int
    channels: int
    frames: int


def describe(content: bytes, file: FoundFile) -> Sound:
    """What is in a file. Raises SpecError for one that is no sound, or has none."""
    if _is_wave(file):
        wave = _wave(content, file)
        sound = Sound(wave.rate, wave.channels, wave.frames)
    else:
        with _opened(content, file) as stream:
            sound = Sound(stream.samplerate, stream.channels, stream.frames)
    if not sound.frames:
        raise unreadable(file.shown, "it has no samples")
    if sound.frames * sound.channels > MOST_SAMPLES:
        raise unreadable(file.shown, f"it claims to have more than {MOST_SAMPLES:,} samples")
    return sound


def samples(content: bytes, file: FoundFile, most: int) -> Array:
    """The first `most` samples of a file, f32[frames, channels]. Raises SpecError."""
    if _is_wave(file):
        return _wave(content, file).samples()[:most]
    with _opened(content, file) as stream:
        wanted = min(most, stream.frames)
        found = stream.read(wanted, dtype="float32", always_2d=True)
    if len(found) < wanted:
        raise unreadable(file.shown, f"it promises {wanted:,} samples, and has {len(found):,}")
    return found


def _is_wave(file: FoundFile) -> bool:
    return PurePath(file.shown).suffix.lower() == ".wav"


def _wave(content: bytes, file: FoundFile) -> Wave:
    try:
        return read_wave(content)
    except BadSound as bad:
        raise unreadable(file.shown, str(bad)) from None


@contextmanager
def _opened(content: bytes, file: FoundFile) -> Generator[Any]:
    """A packed file, opened with soundfile."""
    library = need("soundfile", "soundfile", "audio", "reading .flac and .ogg files")
    try:
        with library.SoundFile(BytesIO(content)) as stream:
            if stream.format not in _FORMATS:
                raise unreadable(file.shown, f"it holds {stream.format}, which is not read")
            yield stream
    except library.LibsndfileError as error:
        raise unreadable(file.shown, error.error_string) from None
