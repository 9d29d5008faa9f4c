"""Freezing a layer that has another name."""

import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input((8,)),
        layers.Dense(64, activation="relu", name="base"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.get_layer("bases").trainable = False
