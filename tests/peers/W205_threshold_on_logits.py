"""An accuracy that takes logits for probabilities."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile("sgd", loss, metrics=["accuracy"])
model.fit(np.ones((96, 8)), np.arange(96) % 2, verbose=2)
