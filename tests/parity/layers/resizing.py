"""Images of another size."""

from tests.parity.layers import Case, Cases, K, same


def _resizing(height: int, width: int, **args) -> Case:
    return same("resizing", K.Resizing, 6, 9, 2, height=height, width=width, **args)


CASES: Cases = {
    "resizing": [
        *(
            _resizing(8, 5, interpolation=word)
            for word in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        ),
        _resizing(3, 4, interpolation="bicubic", antialias=True),
        _resizing(4, 4, crop_to_aspect_ratio=True),
        _resizing(12, 5, crop_to_aspect_ratio=True, interpolation="nearest"),
        _resizing(4, 4, pad_to_aspect_ratio=True, fill_value=0.5),
        _resizing(4, 12, pad_to_aspect_ratio=True),
    ],
    "center_crop": [
        same("center_crop", K.CenterCrop, 6, 9, 2, height=3, width=4),
        same("center_crop", K.CenterCrop, 6, 9, 2, height=6, width=9),
        same("center_crop", K.CenterCrop, 6, 9, 2, height=8, width=4),
        same("center_crop", K.CenterCrop, 6, 9, 2, height=8, width=11),
    ],
}
