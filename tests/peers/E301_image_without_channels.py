"""An image without its axis of channels."""

import keras
from keras import layers

image = keras.Input((28, 28))
layers.Conv2D(8, 3)(image)
