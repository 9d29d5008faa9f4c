"""A misspelt name of the number by which the best weights are kept."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential([keras.Input((8,)), layers.Dense(10, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
best = keras.callbacks.ModelCheckpoint(
    "best.keras", monitor="val_acuracy", mode="max", save_best_only=True
)
model.fit(np.ones((96, 8)), np.zeros(96), validation_split=0.2, callbacks=[best], verbose=2)
