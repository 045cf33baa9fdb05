"""Measurements: quality on labelled pages (``python -m benchmarks.quality``) and speed (``python -m benchmarks``)."""
