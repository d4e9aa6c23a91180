"""Measurements: `python -m bench` prints seconds and ratios, side by side in one run."""
