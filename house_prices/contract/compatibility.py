"""Whether clients of one contract's typed API can go on with another's."""

from house_prices.contract import proto
from house_prices.contract.schema import Contract


def breaks(old: Contract, new: Contract) -> list[str]:
    """What would fail for a client of `old`, a sentence a field; empty where nothing would.

    A contract with a higher `api_version` breaks nothing: it is another service beside the old one.
    """
    if new.api_version > old.api_version:
        return []
    found = []
    fields = {feature.name: feature for feature in new.features}
    for was in old.features:
        now = fields.get(was.name)
        if now is None:
            found.append(f"{was.name} is gone.")
        elif now.number != was.number:
            found.append(f"{was.name} had number {was.number} and has {now.number}.")
        elif now.kind != was.kind:
            found.append(f"{was.name} changed from {was.kind} to {now.kind}.")
        elif now.required and not was.required:
            found.append(f"{was.name} could be left out and is required.")
        elif missing := [choice for choice in was.choices if choice not in now.choices]:
            found.append(f"{was.name} no longer takes {', '.join(missing)}.")
    if old.is_dated and not new.is_dated:
        found.append("valuation_date is gone.")
    known = {feature.name for feature in old.features}
    reused = {feature.number: feature.name for feature in old.features}
    for feature in new.features:
        if feature.name not in known and feature.required:
            found.append(f"{feature.name} is new and required.")
        if feature.name not in known and feature.number in reused:
            found.append(
                f"{feature.name} takes number {feature.number}, which was {reused[feature.number]}'s."
            )
    if proto.has_reference(old) and not proto.has_reference(new):
        found.append(f"{proto.REFERENCE} is a feature now, and no longer the caller's name for a house.")
    return found
