"""The Open Inference Protocol, and Triton's extensions to it."""
