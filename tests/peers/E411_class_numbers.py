"""Class numbers for a loss that takes a number for each class."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential([keras.Input((8,)), layers.Dense(10, activation="softmax")])
model.compile("sgd", "categorical_crossentropy")
model.fit(np.ones((96, 8)), np.zeros(96), verbose=2)
