"""An argument by its name of some years ago."""

import keras

keras.optimizers.Adam(lr=0.002)
