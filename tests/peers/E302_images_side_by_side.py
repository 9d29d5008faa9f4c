"""Images of two sizes put side by side."""

import keras
from keras import layers

deep = keras.Input((2, 2, 512))
skip = keras.Input((1, 1, 256))
layers.concatenate([deep, skip])
