"""What measures speed and quality, run by hand: ``python -m benchmarks.<name>``."""
