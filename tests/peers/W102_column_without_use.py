"""A column that the model does not use."""

import keras
import numpy as np
from keras import layers

age = keras.Input((1,), name="age")
model = keras.Model({"age": age}, layers.Dense(1)(age))
model.compile("sgd", "mse")
columns = {"age": np.ones((96, 1)), "height": np.ones((96, 1))}
model.fit(columns, np.ones((96, 1)), verbose=2)
