"""One convolution too many for the size of the image."""

import keras
from keras import layers

x = keras.Input((28, 28, 1))
for i in range(4):
    x = layers.Conv2D(16 * 2**i, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
