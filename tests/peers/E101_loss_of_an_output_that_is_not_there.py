"""A loss for an output that the model has not."""

import keras
import numpy as np
from keras import layers

x = keras.Input((1,))
y = layers.Dense(1)(x)
model = keras.Model(x, {"y": y, "y_times_2": 2 * y})
model.compile("sgd", {"y": "mse", "y_times_two": "mse"})
once = np.ones((96, 1))
model.fit(once, {"y": once, "y_times_2": 2 * once}, verbose=2)
