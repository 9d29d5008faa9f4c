"""An embedding that gets floats."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential(
    [keras.Input((5,)), layers.Embedding(10, 4), layers.Flatten(), layers.Dense(1)]
)
model.compile("sgd", "mse")
model.fit(np.full((96, 5), 0.7), np.zeros((96, 1)), verbose=2)
