"""A watched number of which nobody says when it is better."""

import keras
import numpy as np
from keras import layers


def gain(y_true, y_pred):
    return keras.ops.mean(y_pred - y_true)


model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
model.compile("sgd", "mse", metrics=[gain])
stop = keras.callbacks.EarlyStopping(monitor="val_gain", patience=3)
model.fit(np.ones((96, 8)), np.zeros((96, 1)), validation_split=0.2, callbacks=[stop], verbose=2)
