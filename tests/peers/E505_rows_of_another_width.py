"""Rows that are longer than the model's input."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.zeros((96, 9)), np.zeros((96, 1)), verbose=2)
