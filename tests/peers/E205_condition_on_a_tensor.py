"""An `if` that asks for a number of the data."""

import keras
from keras import layers

x = keras.Input((50,))
kind = keras.Input((1,))
h = layers.Dense(32, activation="relu")(x)
if kind > 0:
    h = layers.Dense(32, activation="relu")(h)
