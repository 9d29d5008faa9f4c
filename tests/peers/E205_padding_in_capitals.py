"""A padding in capitals."""

import keras
from keras import layers

image = keras.Input((224, 224, 64))
layers.MaxPooling2D(3, 2, padding="VALID")(image)
