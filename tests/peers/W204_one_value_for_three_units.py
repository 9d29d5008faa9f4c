"""One value for three units."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
model.compile("sgd", "mse")
model.fit(np.ones((96, 8)), np.ones((96, 1)), verbose=2)
