"""A column that the data has under another name."""

import keras
import numpy as np
from keras import layers

age = keras.Input((1,), name="age")
height = keras.Input((1,), name="height")
y = layers.Dense(1)(layers.concatenate([age, height]))
model = keras.Model([age, height], y)
model.compile("sgd", "mse")
columns = {"age": np.ones((96, 1)), "hight": np.ones((96, 1))}
model.fit(columns, np.ones((96, 1)), verbose=2)
