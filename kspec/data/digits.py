"""The digits that ship with kspec."""

from __future__ import annotations

from pathlib import Path
from typing import final

from kspec.data.arrays import ArrayTable
from kspec.data.base import DataSource, Table, source


@final
@source("digits")
class Digits(DataSource):
    """1,797 scans of handwritten digits: `image` u8[8, 8] from 0 to 16, `label` class[10].

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
    """

    def open(self, folder: Path) -> Table:
        """Read the file in the package; `folder` does not matter."""
        import numpy as np

        with np.load(Path(__file__).parent / "files" / "digits.npz") as members:
            arrays = {name: members[name] for name in ("image", "label")}
        return ArrayTable(arrays, "digits()")
