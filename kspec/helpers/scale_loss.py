"""A loss that is scaled, so that its gradients are."""


def scale_loss(loss, factor):
    """`loss`, with what it returns first multiplied by `factor`."""

    def scaled(*args):
        value, rest = loss(*args)
        return value * factor, rest

    return scaled
