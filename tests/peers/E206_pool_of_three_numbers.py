"""A window of three numbers for an image of two axes."""

from keras import layers

layers.MaxPooling2D((1, 2, 2))
