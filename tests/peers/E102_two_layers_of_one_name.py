"""One name for two layers."""

import keras
from keras import layers

user, item = keras.Input((64,)), keras.Input((64,))
u = layers.Dense(32, activation="relu", name="layer1")(user)
i = layers.Dense(32, activation="relu", name="layer1")(item)
y = layers.Dense(1, activation="sigmoid")(layers.concatenate([u, i]))
keras.Model([user, item], y)
