"""The site: Sphinx reads the Markdown of this folder. `make docs` builds it into build/docs."""

project = "house-prices"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "house-prices"
exclude_patterns = ["make_reference.py"]
myst_heading_anchors = 3
myst_fence_as_directive: list[str] = []
suppress_warnings = ["myst.xref_missing"]  # links to files outside of docs/, which a test follows
highlight_language = "none"
