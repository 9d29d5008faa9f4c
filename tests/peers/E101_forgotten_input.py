"""A tensor that is no input of the model."""

import keras
from keras import layers

image = keras.Input((64, 64, 3))
gate = keras.Input((1, 1, 1))
x = layers.Conv2D(64, 3, activation="relu", padding="same")(image)
y = layers.multiply([x, gate])
keras.Model(image, y)
