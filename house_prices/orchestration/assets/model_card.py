"""The model_card asset."""

import dagster as dg

from house_prices import gate
from house_prices.contract.schema import Contract
from house_prices.errors import ModelDamaged
from house_prices.evaluation.evaluation import Evaluation
from house_prices.model_card import comparison, publish
from house_prices.orchestration import audit_heads
from house_prices.orchestration.assets.metadata import common, key, table
from house_prices.orchestration.resources import Folders, InferenceServer
from house_prices.registry import Registry


def model_card(contract: Contract) -> dg.AssetsDefinition:
    """The page that describes a version to people."""

    @dg.asset(
        **common(contract, "model_card"),
        ins={"metrics": dg.AssetIn(key(contract, "metrics"))},
        kinds={"html"},
    )
    def asset(
        context: dg.AssetExecutionContext, metrics: Evaluation, folders: Folders, server: InferenceServer
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """What the version is, how it was judged and what it does not know, as one HTML page."""
        decision = gate.decide(metrics, contract.gate)
        path = publish(folders.registry, contract.name, metrics, decision)
        context.log_event(audit_heads.observation(folders.registry, contract.name))
        return dg.MaterializeResult(
            metadata={
                "version": metrics.version,
                "decision": decision.outcome.value,
                "card": dg.MetadataValue.url(server.card(contract, metrics.version)),
                "path": dg.MetadataValue.path(str(path)),
                **_beside_the_champion(folders.registry, contract.name, metrics.version),
            }
        )

    return asset


def _beside_the_champion(registry: Registry, market: str, number: int) -> dict[str, dg.MetadataValue]:
    """Both versions side by side, or why not; empty if there is no other that serves."""
    champion = registry.champion(market)
    if champion is None or champion.version == number:
        return {}
    try:
        found = comparison.compare(registry, market, champion.version, number)
    except ModelDamaged as error:
        return {"beside_the_champion": dg.MetadataValue.text(str(error))}
    header = ("", f"version {champion.version}", f"version {number}", "change")
    sentences = dg.MetadataValue.md("\n".join(f"- {sentence}" for sentence in found.sentences))
    return {"beside_the_champion": table(header, found.rows), "how_they_differ": sentences}
