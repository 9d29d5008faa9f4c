"""Reshaping to another number of elements."""

import keras
from keras import layers

words = keras.Input((30,))
x = layers.Embedding(10_000, 300)(words)
layers.Reshape((30, 200, 1))(x)
