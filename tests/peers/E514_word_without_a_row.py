"""A word whose number the embedding has no row for."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential(
    [keras.Input((3,)), layers.Embedding(100, 8), layers.Flatten(), layers.Dense(1)]
)
model.compile("sgd", "mse")
words = np.tile(np.arange(0, 120, 5), 12).reshape(96, 3)
model.fit(words, np.ones((96, 1)), epochs=2, verbose=2)
