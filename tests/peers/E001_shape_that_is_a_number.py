"""A shape of one axis written as a number."""

import keras

keras.Input(shape=(28 * 28))
