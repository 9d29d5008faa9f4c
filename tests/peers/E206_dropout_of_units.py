"""A dropout with the number that was meant for a dense layer."""

from keras import layers

layers.Dropout(256)
