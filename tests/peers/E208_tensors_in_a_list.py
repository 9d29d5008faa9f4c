"""A merging layer that is called as it was in an older Keras."""

import keras
from keras import layers

x = keras.Input((28, 28, 8))
y = layers.Conv2D(8, 3, padding="same")(x)
merged = layers.Concatenate([y, x])
layers.Activation("relu")(merged)
