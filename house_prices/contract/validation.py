"""Faults between the parts of a contract, each of which is well formed by itself."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import SplitResult, urlsplit

from house_prices.contract.schema import (
    DATABASES,
    EXACT_IN_FLOAT32,
    OBJECTS,
    RESERVED,
    Contract,
    Feature,
    Keys,
    Source,
    plain,
)

_SECRET = ("password", "sslpassword", "sig", "signature", "token", "access_token", "x-amz-signature")
"""Parameters of a URL that let whoever has it in."""


def of_feature(feature: Feature) -> Iterator[tuple[str, object, str]]:
    """Within a feature: the key at fault, what stands there, what is allowed."""
    if feature.name in RESERVED:
        yield "name", feature.name, f"another name, for sales have columns {', '.join(RESERVED)} already"
    yield from _of_bounds(feature)
    if feature.kind == "category" and not feature.choices:
        yield "choices", [], "a list of every value that the category may take"
    if feature.kind != "category" and feature.choices:
        yield "choices", list(feature.choices), "nothing: only a category has choices"
    if "" in feature.choices:
        yield "choices", "", "names; an empty cell is described by `missing`"
    if feature.missing is not None and not feature.accepts(feature.missing):
        yield "missing", feature.missing, feature.allowed
    if feature.missing is not None and feature.required:
        yield "required", True, "false, for `missing` says what an empty cell stands for"


def _of_bounds(feature: Feature) -> Iterator[tuple[str, object, str]]:
    bounds = [bound for bound in (feature.minimum, feature.maximum) if bound is not None]
    if feature.kind in ("flag", "category") and bounds:
        yield "minimum", bounds[0], f"no bounds, for a {feature.kind} has none"
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        yield "minimum", bounds[0], f"at most the maximum, {plain(bounds[1])}"
    if feature.kind == "integer" and any(abs(bound) > EXACT_IN_FLOAT32 for bound in bounds):
        yield "maximum", bounds[-1], f"at most {EXACT_IN_FLOAT32}, which float32 still holds exactly"


def of_source(source: Source) -> Iterator[tuple[str, object, str]]:
    """Within the source."""
    url = urlsplit(source.url)
    schemes = ("file", *OBJECTS, *DATABASES)
    if secrets := _secrets(url):
        shown = source.url
        for secret in secrets:
            shown = shown.replace(secret, "***")
        yield "url", shown, "one without a password; it belongs into the environment (PGPASSWORD, MYSQL_PWD)"
    elif "://" in source.url and url.scheme not in schemes:
        yield "url", source.url, f"a folder, or a URL that begins with one of {', '.join(schemes)}"
    if _secrets(urlsplit(source.rejects)):
        yield "rejects", "a secret", "a URL without a password, token or signature"
    if source.kind == "database" and not source.query:
        yield "query", "", "SQL that selects the contract's columns from the database"
    if source.kind != "database" and source.query:
        yield "query", source.query, f"nothing: only {', '.join(DATABASES)} take a query"


def _secrets(url: SplitResult) -> list[str]:
    """What a URL would tell everybody who reads a manifest: a password, or the signature of a signed URL."""
    asked = [part.partition("=")[::2] for part in url.query.split("&")]
    return [*filter(None, [url.password]), *(v for name, v in asked if v and name.lower() in _SECRET)]


def of_keys(keys: Keys) -> Iterator[tuple[str, object, str]]:
    """Within the keys."""
    if len(keys.sold) > 3:
        yield "sold", list(keys.sold), "one column of dates, or year, month (and day)"
    parts = re.findall("%[Yymd]", keys.sold_format.lower().replace("%y", "%Y"))
    if "%" in keys.sold_format and (len(set(parts)) < len(parts) or not {"%Y", "%m"} <= set(parts)):
        yield "sold_format", keys.sold_format, "%Y, %m and %d, each once, or %y for %Y, or no %d"


def of_contract(contract: Contract, sound: Sequence[Feature]) -> Iterator[str]:
    """Between the parts, as whole sentences. `sound` are the features that were read without a fault."""
    yield from _repetitions(contract, sound)
    taken = {contract.target.column, *(feature.column for feature in sound)}
    keys = (contract.keys.property, *contract.keys.sold, contract.monitoring.reference)
    for column in filter(None, keys):
        if column in taken:
            yield f"keys: came {column!r}, allowed: a column that is neither a feature nor the target"
    if contract.split.by == "sold" and not contract.keys.sold:
        yield "split.by: came 'sold', allowed: 'hash', for keys.sold names no date"
    endless = {feature.name for feature in sound if feature.kind == "number"}
    for name in contract.slices:
        if name in endless or name not in [feature.name for feature in contract.features]:
            yield f"slices.columns: came {name!r}, allowed: an integer, flag or category feature"
    yield from _of_example(contract, sound)


def _repetitions(contract: Contract, sound: Sequence[Feature]) -> Iterator[str]:
    names = [contract.target.name, *(feature.name for feature in sound)]
    once = {
        "name": names,
        "column": [contract.target.column, *(feature.column for feature in sound)],
        "number": [str(feature.number) for feature in sound],
    }
    for what, taken in once.items():
        for again in sorted({item for item in taken if item and taken.count(item) > 1}):
            yield f"features: {what} {again} stands twice, allowed: each {what} once"
    fused = [name.replace("_", "") for name in dict.fromkeys(names)]
    for name in dict.fromkeys(names):
        if fused.count(name.replace("_", "")) > 1:
            yield f"features: name {name} stands twice but for underscores, which JSON drops; rename one"


def _of_example(contract: Contract, sound: Sequence[Feature]) -> Iterator[str]:
    names = [feature.name for feature in contract.features]
    for name in contract.example:
        if name not in names:
            yield f"example.{name}: is no feature, allowed: {', '.join(names)}"
    for feature in sound if contract.example else ():
        value = contract.example.get(feature.name)
        if value is not None and not feature.accepts(value):
            yield f"example.{feature.name}: came {value!r}, allowed: {feature.allowed}"
        if feature.required and value is None:
            yield f"example.{feature.name}: is missing, allowed: {feature.allowed}"
