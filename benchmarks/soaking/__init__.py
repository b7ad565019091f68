"""The sections of `benchmarks.soak`, one module each."""
