"""Sounds in folders, one folder a class."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from kspec.data.base import Column, DataSource, Table, arg, source
from kspec.data.cache import Pieces
from kspec.data.columns import hash_of, kept
from kspec.data.folders import FolderTable, FoundFile, Listing, content_of, list_folder, threaded
from kspec.data.paths import reason_of, unreadable
from kspec.data.sounds import SOUNDS, Sound, describe, samples
from kspec.diagnostics import SpecError

if TYPE_CHECKING:
    from kspec.data.base import Array

FORMAT: Final = 1  # of what is kept of sounds: a new number for every change of what they become
_PART: Final = 2**25  # bytes of sounds that are read at once


@final
@source("audio_folder")
class AudioFolder(DataSource):
    """Sounds in sub-folders, one a class, as Keras' `audio_dataset_from_directory` takes them.

    Gives `audio`, f32[output_sequence_length, channels] in [-1, 1], and `label`, whose classes are
    the sub-folders in sorted order. A folder without sub-folders gives sounds alone. All have one
    rate and one number of channels.
    """

    path: str = arg(doc="The folder, from the spec's folder.")
    sampling_rate: int | None = arg(
        default=None, doc="Samples in a second, which all files must have; they are not resampled."
    )
    output_sequence_length: int | None = arg(
        default=None,
        doc="Samples of each sound: longer ones are cut, shorter ones end in zeros; none for the "
        "length of the longest.",
    )

    def check(self) -> str | None:
        """There are samples."""
        for name in ("sampling_rate", "output_sequence_length"):
            value = getattr(self, name)
            if value is not None and value < 1:
                return f"{name} must be at least 1"
        return None

    def open(self, folder: Path) -> Table:
        """List the sounds; they are decoded when they are read."""
        return self._open(folder, lenient=False)

    def open_leniently(self, folder: Path) -> Table:
        """As `open`; files that are no sounds, or unlike the others, are told."""
        return self._open(folder, lenient=True)

    def _open(self, folder: Path, lenient: bool) -> Table:
        listing = list_folder(folder, self.path, SOUNDS)
        return AudioTable(listing, self.sampling_rate, self.output_sequence_length, lenient)


@final
class AudioTable(FolderTable):
    """Sounds that are decoded when they are asked for, and kept.

    Args:
        listing: The sounds.
        rate: Samples in a second; None for those of the first file.
        length: Samples of each sound; None for those of the longest.
        lenient: Whether such files are told by `unread`, as long as there are others.

    Raises:
        SpecError: A file is no sound, or differs from the others.
    """

    def __init__(
        self, listing: Listing, rate: int | None, length: int | None, lenient: bool = False
    ) -> None:
        self._bad: dict[int, str] = {}
        found = threaded(partial(_look, lenient=lenient), listing.files)
        good = [n for n, (sound, _) in enumerate(found) if isinstance(sound, Sound)] or [0]
        first = _sound(found[good[0]][0])
        sounds: list[Sound] = []
        for number, (file, (sound, _)) in enumerate(zip(listing.files, found, strict=True)):
            try:
                _fits(file, _sound(sound), first, listing.files[good[0]], rate)
                sounds.append(_sound(sound))
            except SpecError as error:
                if not lenient:
                    raise
                self._bad[number] = reason_of(error)
        self._digests = [digest for _, digest in found]
        self._length = length or max((sound.frames for sound in sounds), default=1)
        self._channels = first.channels
        how = " leniently" if lenient else ""
        key = hash_of(f"{FORMAT} {self._length}{how}", *self._digests)
        column = Column("f32", (self._length, self._channels))
        super().__init__(listing, "audio", column, key)

    def unread(self, columns: tuple[str, ...]) -> dict[int, tuple[str, str]]:
        """The files that are no sounds, or unlike the others."""
        if self.name not in columns:
            return {}
        return {row: (self.name, reason) for row, reason in self._bad.items()}

    def load(self) -> Array:
        """All sounds."""
        return kept(self.listing.shown, "sounds", self.key, self._pieces)

    def _pieces(self) -> Pieces:
        shape = (len(self), self._length, self._channels)
        return Pieces("f4", shape, self._parts)

    def _parts(self) -> Iterator[Array]:
        import numpy as np

        step = max(1, _PART // (4 * self._length * self._channels))
        for start in range(0, len(self), step):
            numbers = range(start, min(start + step, len(self)))
            part = np.zeros((len(numbers), self._length, self._channels), np.float32)
            for row, sound in enumerate(threaded(self._samples, numbers)):
                part[row, : len(sound)] = sound
            yield part

    def _samples(self, number: int) -> Array:
        import numpy as np

        if number in self._bad:
            return np.zeros((0, self._channels), np.float32)
        file = self.listing.files[number]
        return samples(content_of(file, self._digests[number]), file, self._length)


def _look(file: FoundFile, lenient: bool) -> tuple[Sound | SpecError, str]:
    """What a file says of itself, or what is wrong with it, and a hash of its content."""
    content = content_of(file)
    digest = hashlib.sha256(content).hexdigest()
    try:
        sound = describe(content, file)
        if lenient:  # what it says need not be true
            samples(content, file, sound.frames)
    except SpecError as error:
        if not lenient:
            raise
        return error, digest
    return sound, digest


def _sound(found: Sound | SpecError) -> Sound:
    """A sound. Raises SpecError for what is none."""
    if isinstance(found, SpecError):
        raise found
    return found


def _fits(file: FoundFile, sound: Sound, first: Sound, other: FoundFile, rate: int | None) -> None:
    """Refuse a file that cannot stand beside the first one."""
    wanted = first.rate if rate is None else rate
    whose = f"that of `{other.shown}`" if rate is None else "`sampling_rate`"
    if sound.rate != wanted:
        reason = f"its rate is {sound.rate:,} samples a second, and {whose} is {wanted:,}"
        raise unreadable(file.shown, f"{reason}; sounds are not resampled")
    if sound.channels != first.channels:
        reason = f"it has {sound.channels} channels, and `{other.shown}` has {first.channels}"
        raise unreadable(file.shown, reason)
