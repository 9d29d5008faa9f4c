"""The batch axis written into the shape of an input."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential(
    [
        keras.Input((1, 144, 256, 3)),
        layers.Conv2D(96, 11, strides=3, activation="relu"),
        layers.Flatten(),
        layers.Dense(4),
    ]
)
model.predict(np.zeros((1, 144, 256, 3)), verbose=0)
