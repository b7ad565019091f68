"""A model of the size that many trees have."""

import onnx
from onnx import helper

from house_prices.contract.schema import Contract
from tests import models

DEPTH, TREES = 9, 1200
"""Of about 40 MB."""


def large_model(of: Contract) -> bytes:
    """As `onnx_model` of base 0, with an ensemble of trees in it that adds nothing to the price."""
    model = onnx.load_from_string(models.onnx_model(of, base=0))
    (last,) = (node for node in model.graph.node if "price" in node.output)
    last.output[0] = "plain"
    model.graph.node.extend(
        [
            helper.make_node(
                "TreeEnsembleRegressor", ["known"], ["nothing"], domain="ai.onnx.ml", **_trees()
            ),
            helper.make_node("Add", ["plain", "nothing"], ["price"]),
        ]
    )
    return bytes(model.SerializeToString())


def _trees() -> dict[str, object]:
    """Complete trees over the first number, alike but for where they part."""
    branches, nodes = 2**DEPTH - 1, 2 ** (DEPTH + 1) - 1
    leaves = range(branches, nodes)
    children = [[2 * node + side if node < branches else 0 for node in range(nodes)] for side in (1, 2)]
    return {
        "n_targets": 1,
        "nodes_treeids": [tree for tree in range(TREES) for _ in range(nodes)],
        "nodes_nodeids": [*range(nodes)] * TREES,
        "nodes_featureids": [0] * nodes * TREES,
        "nodes_values": [float((node * 37 + tree) % 1000) for tree in range(TREES) for node in range(nodes)],
        "nodes_modes": (["BRANCH_LEQ"] * branches + ["LEAF"] * len(leaves)) * TREES,
        "nodes_truenodeids": children[0] * TREES,
        "nodes_falsenodeids": children[1] * TREES,
        "target_treeids": [tree for tree in range(TREES) for _ in leaves],
        "target_nodeids": [*leaves] * TREES,
        "target_ids": [0] * len(leaves) * TREES,
        "target_weights": [0.0] * len(leaves) * TREES,
    }
