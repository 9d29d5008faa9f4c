"""A word in a column of numbers."""

import keras
import numpy as np
from keras import layers

rooms = np.array([["3"], ["two"], ["4"]])
model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(rooms, np.ones((3, 1)), verbose=2)
