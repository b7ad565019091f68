"""How far an exported model is from the pipeline it was exported from."""

import onnxruntime as ort

from house_prices.contract.schema import Contract
from house_prices.evaluation import measure
from house_prices.training import onnx_export
from house_prices.training.features import Inputs
from house_prices.training.fitted import Fitted


def parity(
    fitted: Fitted, session: ort.InferenceSession, houses: Inputs, contract: Contract
) -> tuple[float, int]:
    """Largest relative difference on the houses and on edge cases made of them; and how many there are."""
    expected = measure.expect(fitted, houses, contract)
    served = onnx_export.predict(session, expected.houses)
    return measure.relative_difference(served, expected.prices, expected.least), len(expected.houses)
