"""Precision and recall in one number."""


def f_beta(true_positives, false_positives, false_negatives, beta=1.0):
    """(1 + beta ** 2) * precision * recall / (beta ** 2 * precision + recall).

    Source: van Rijsbergen, Information Retrieval, 1979; 1e-7 keeps divisors from 0.
    """
    precision = true_positives / (true_positives + false_positives + 1e-7)
    recall = true_positives / (true_positives + false_negatives + 1e-7)
    mean = precision * recall / (beta**2 * precision + recall + 1e-7)
    return (1 + beta**2) * mean
