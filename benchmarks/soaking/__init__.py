"""The parts of `benchmarks.soak`, a module each."""
