"""A shortcut past a layer that makes the image smaller."""

import keras
from keras import layers

image = keras.Input((112, 112, 32))
x = layers.Conv2D(32, 3, activation="relu")(image)
layers.add([x, image])
