"""A layer in the place of what it would give."""

import keras
from keras import layers

image = keras.Input((38, 38, 512))
location = layers.Conv2D(16, 3, padding="same")
layers.Flatten()(location)
