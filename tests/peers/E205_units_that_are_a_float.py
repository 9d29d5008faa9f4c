"""A number of units that was divided."""

from keras import layers

words = 7_000
layers.Dense(words / 2, activation="relu")
