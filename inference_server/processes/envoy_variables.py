"""Variables that tell the server inside of Envoy where its files are, its settings, and its Python."""

FOLDER, SETTINGS = "INFERENCE_SERVER_ENVOY_FOLDER", "INFERENCE_SERVER_ENVOY_SETTINGS"
PYTHON = "INFERENCE_SERVER_ENVOY_PYTHON"
