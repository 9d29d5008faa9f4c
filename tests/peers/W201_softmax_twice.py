"""Probabilities for a loss that takes logits."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential([keras.Input((8,)), layers.Dense(10, activation="softmax")])
model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(np.ones((96, 8)), np.arange(96) % 10, verbose=2)
