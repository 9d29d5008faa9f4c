"""kspec against Keras itself, on Keras' JAX backend: values, gradients, weights after steps."""
