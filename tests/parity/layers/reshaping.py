"""Reshaping."""

from tests.parity.layers import IMAGE, LINE, Case, Cases, K, same

TIME = (6, 3)
VOLUME = (5, 6, 4, 2)

CASES: Cases = {
    "flatten": [
        Case("flatten", lambda: K.Flatten(), IMAGE),
        Case("flatten", lambda: K.Flatten(), LINE),
        Case("flatten", lambda: K.Flatten(), ((),)),
    ],
    "reshape": [
        Case("reshape((3, 2))", lambda: K.Reshape((3, 2)), LINE),
        Case("reshape((-1, 4, 2))", lambda: K.Reshape((-1, 4, 2)), IMAGE),
    ],
    "permute": [
        Case("permute((2, 1))", lambda: K.Permute((2, 1)), (TIME,)),
        Case("permute((3, 1, 2))", lambda: K.Permute((3, 1, 2)), IMAGE),
    ],
    "repeat_vector": [Case("repeat_vector(4)", lambda: K.RepeatVector(4), LINE)],
    "cropping1d": [
        same("cropping1d", K.Cropping1D, *TIME),
        same("cropping1d", K.Cropping1D, *TIME, cropping=2),
        same("cropping1d", K.Cropping1D, *TIME, cropping=(0, 3)),
    ],
    "cropping2d": [
        same("cropping2d", K.Cropping2D, *IMAGE[0]),
        same("cropping2d", K.Cropping2D, *IMAGE[0], cropping=1),
        same("cropping2d", K.Cropping2D, *IMAGE[0], cropping=(2, 1)),
        same("cropping2d", K.Cropping2D, *IMAGE[0], cropping=((0, 2), (3, 0))),
    ],
    "cropping3d": [
        same("cropping3d", K.Cropping3D, *VOLUME),
        same("cropping3d", K.Cropping3D, *VOLUME, cropping=(2, 1, 0)),
        same("cropping3d", K.Cropping3D, *VOLUME, cropping=((0, 2), (3, 0), (1, 1))),
    ],
    "zero_padding1d": [
        same("zero_padding1d", K.ZeroPadding1D, *TIME),
        same("zero_padding1d", K.ZeroPadding1D, *TIME, padding=(0, 3)),
    ],
    "zero_padding2d": [
        same("zero_padding2d", K.ZeroPadding2D, *IMAGE[0], padding=2),
        same("zero_padding2d", K.ZeroPadding2D, *IMAGE[0], padding=(2, 1)),
        same("zero_padding2d", K.ZeroPadding2D, *IMAGE[0], padding=((0, 2), (3, 0))),
    ],
    "zero_padding3d": [
        same("zero_padding3d", K.ZeroPadding3D, *VOLUME),
        same("zero_padding3d", K.ZeroPadding3D, *VOLUME, padding=((0, 2), (3, 0), (1, 1))),
    ],
    "up_sampling1d": [
        same("up_sampling1d", K.UpSampling1D, *TIME),
        same("up_sampling1d", K.UpSampling1D, *TIME, size=3),
    ],
    "up_sampling2d": [
        same("up_sampling2d", K.UpSampling2D, 3, 4, 2, size=(2, 3)),
        *(
            same("up_sampling2d", K.UpSampling2D, 3, 4, 2, size=(2, 3), interpolation=word)
            for word in ("bilinear", "bicubic", "lanczos3", "lanczos5")
        ),
    ],
    "up_sampling3d": [
        same("up_sampling3d", K.UpSampling3D, 3, 2, 4, 2),
        same("up_sampling3d", K.UpSampling3D, 3, 2, 4, 2, size=(1, 3, 2)),
    ],
}
