"""Channels first, where they stand last."""

import keras
from keras import layers

image = keras.Input((1, 28, 28))
layers.Conv2D(32, 3, activation="relu")(image)
