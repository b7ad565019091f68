"""Fitting on ever more sales, for as long as more of them help."""
