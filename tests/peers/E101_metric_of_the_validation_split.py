"""The name of a number of the validation split as a metric."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential([keras.Input((8,)), layers.Dense(10, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["val_acc"])
model.fit(np.ones((96, 8)), np.zeros(96), verbose=2)
