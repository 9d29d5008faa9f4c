"""Flattening an image of unknown size."""

import keras
from keras import layers

image = keras.Input((None, None, 3))
x = layers.Flatten()(image)
layers.Dense(10)(x)
