"""A missing value in the data."""

import keras
import numpy as np
from keras import layers

x = np.ones((96, 8))
x[40, 3] = np.nan
model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, np.ones((96, 1)), epochs=2, verbose=2)
