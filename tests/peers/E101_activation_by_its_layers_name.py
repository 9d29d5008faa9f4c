"""An activation by another of its names."""

from keras import layers

layers.Dense(100, activation="LeakyReLU")
