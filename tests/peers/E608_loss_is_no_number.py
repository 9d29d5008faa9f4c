"""A learning rate that is too large."""

import keras
import numpy as np
from keras import layers

x = np.arange(200.0)
model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
model.compile(keras.optimizers.SGD(0.001), "mse")
model.fit(x, 2 * x, batch_size=1, epochs=3, verbose=2)
