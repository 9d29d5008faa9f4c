"""A dense layer on an axis of unknown size."""

import keras
from keras import layers

features = keras.Input((None,))
layers.Dense(64, activation="sigmoid")(features)
