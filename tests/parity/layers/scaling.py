"""Fixed scaling."""

from tests.parity.layers import IMAGE, LINE, Case, Cases, K

CASES: Cases = {
    "rescaling": [
        Case("rescaling(1/255)", lambda: K.Rescaling(1 / 255), LINE),
        Case("rescaling(1/127.5, -1)", lambda: K.Rescaling(1 / 127.5, -1), IMAGE),
    ],
}
