"""A schedule that is longer than the run."""

import keras
import numpy as np
from keras import layers

rate = keras.optimizers.schedules.ExponentialDecay(0.1, 100_000, 0.96, staircase=True)
model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
model.compile(keras.optimizers.SGD(rate), "mse")
model.fit(np.ones((6, 1)), np.ones((6, 1)), epochs=10, verbose=0)
print("learning rate", float(model.optimizer.learning_rate))
