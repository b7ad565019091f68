"""Other servers for the same model, each in a virtual environment of its own."""
