"""Early stopping without a validation split."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
model.compile("sgd", "mse")
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1)
model.fit(np.zeros((96, 8)), np.zeros((96, 1)), epochs=3, callbacks=[stop], verbose=2)
