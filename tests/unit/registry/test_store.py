"""Versions are published whole and once; the champion changes only to what was judged."""

import json
from pathlib import Path

import pytest

from house_prices.errors import (
    ModelDamaged,
    PromotionRefused,
    RegistryError,
    RejectionRefused,
    VersionNotFound,
)
from house_prices.registry import Golden, Registry
from house_prices.registry.verify import verify
from tests import plain_model
from tests.plain_model import MARKET


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


def test_a_published_version_can_be_read_back(registry: Registry) -> None:
    version = plain_model.publish(registry, b"model")
    again = registry.version(MARKET, 1)
    assert (again.number, again.model.read_bytes()) == (1, b"model")
    assert again.manifest.contract == plain_model.CONTRACT
    assert again.manifest.to_json() == version.manifest.to_json()
    assert verify(registry, MARKET) == []


def test_versions_count_up_as_numbers_and_not_as_text(registry: Registry) -> None:
    for number in range(1, 12):
        assert plain_model.publish(registry, str(number).encode()).number == number
    assert registry.versions(MARKET) == list(range(1, 12))


def test_a_number_that_was_claimed_is_never_given_again(registry: Registry) -> None:
    plain_model.publish(registry, b"model")
    (registry.root / MARKET / "7").mkdir()
    assert plain_model.publish(registry, b"model").number == 8
    assert registry.versions(MARKET) == [1, 8]
    assert "7 was claimed and never published; nothing reads it." in "\n".join(verify(registry, MARKET))


def test_a_model_that_differs_from_its_manifest_is_not_published(registry: Registry) -> None:
    with pytest.raises(ModelDamaged, match="Nothing was published"):
        registry.publish(MARKET, b"model", plain_model.described(b"another"))
    assert registry.versions(MARKET) == []


def test_a_manifest_that_cannot_be_written_leaves_nothing_behind(registry: Registry) -> None:
    golden = Golden(numbers=((50.0,),), categories=((),), prices=(float("nan"),))
    with pytest.raises(ValueError, match="not JSON compliant"):
        registry.publish(MARKET, b"model", plain_model.described(b"model", golden=golden))
    assert not (registry.root / MARKET).exists()


def test_an_unknown_version_is_answered_with_those_there_are(registry: Registry) -> None:
    plain_model.publish(registry, b"model")
    with pytest.raises(VersionNotFound, match="town has no version 9; published versions: 1"):
        registry.version(MARKET, 9)
    with pytest.raises(VersionNotFound, match="village has no version 1; published versions: none"):
        registry.version("village", 1)
    with pytest.raises(VersionNotFound, match=r"no market 'village'; there are \['town'\]"):
        registry.promote("village", 1, sha256="", by="a test", reason="a test")


def test_the_champion_serves_unless_a_version_is_named(registry: Registry) -> None:
    plain_model.publish(registry, b"one")
    plain_model.publish(registry, b"two")
    with pytest.raises(VersionNotFound, match="no champion yet"):
        registry.resolve(MARKET)
    plain_model.promote(registry, 1)
    assert (registry.resolve(MARKET).number, registry.resolve(MARKET, 2).number) == (1, 2)
    assert registry.markets() == [MARKET]


def test_a_rollback_goes_to_the_champion_before(registry: Registry) -> None:
    plain_model.publish(registry, b"one")
    plain_model.publish(registry, b"two")
    plain_model.promote(registry, 1)
    plain_model.promote(registry, 2)
    assert registry.rollback(MARKET, by="a test", reason="worse").version == 1
    events = [entry["event"] for entry in registry.history(MARKET)]
    assert events == ["publication", "publication", "promotion", "promotion", "rollback"]
    assert verify(registry, MARKET) == []


def test_without_an_earlier_champion_there_is_no_rollback(registry: Registry) -> None:
    plain_model.publish(registry, b"one")
    plain_model.promote(registry, 1)
    with pytest.raises(VersionNotFound, match="no earlier champion"):
        registry.rollback(MARKET, by="a test", reason="worse")


def test_promoting_the_champion_again_changes_nothing(registry: Registry) -> None:
    plain_model.publish(registry, b"one")
    first = plain_model.promote(registry, 1)
    assert plain_model.promote(registry, 1) == first
    assert [entry["event"] for entry in registry.history(MARKET)] == ["publication", "promotion"]


def test_a_rejected_version_is_promoted_only_by_force_which_ends_the_rejection(registry: Registry) -> None:
    plain_model.publish(registry, b"one")
    registry.reject(MARKET, 1, by="ann", reason="odd prices")
    with pytest.raises(PromotionRefused, match="town version 1 was rejected by ann: odd prices"):
        plain_model.promote(registry, 1)
    sha256 = registry.version(MARKET, 1).manifest.sha256
    registry.promote(MARKET, 1, sha256=sha256, by="bob", reason="they are right", force=True)
    assert registry.rejection(MARKET, 1) is None
    assert [entry["event"] for entry in registry.history(MARKET)] == ["publication", "rejection", "promotion"]
    assert verify(registry, MARKET) == []


def test_a_rollback_does_not_go_to_a_rejected_version(registry: Registry) -> None:
    for number, content in enumerate((b"one", b"two"), start=1):
        plain_model.publish(registry, content)
        plain_model.promote(registry, number)
    registry.reject(MARKET, 1, by="ann", reason="odd prices")
    with pytest.raises(PromotionRefused, match="was rejected by ann"):
        registry.rollback(MARKET, by="a test", reason="worse")
    assert registry.resolve(MARKET).number == 2


def test_versions_are_kept_until_others_are(registry: Registry) -> None:
    for content in (b"1", b"2", b"3"):
        plain_model.publish(registry, content)
    assert registry.pinned(MARKET) == ()
    registry.pin(MARKET, [3, 1, 3])
    assert registry.pinned(MARKET) == (1, 3)
    registry.pin(MARKET, [])
    assert registry.pinned(MARKET) == ()


def test_a_version_that_is_not_there_or_rejected_is_not_kept(registry: Registry) -> None:
    for content in (b"1", b"2"):
        plain_model.publish(registry, content)
    registry.pin(MARKET, [1])
    registry.reject(MARKET, 2, by="ann", reason="odd prices")
    with pytest.raises(PromotionRefused, match="was rejected by ann"):
        registry.pin(MARKET, [1, 2])
    with pytest.raises(VersionNotFound, match="no version 9"):
        registry.pin(MARKET, [9])
    assert registry.pinned(MARKET) == (1,)


def test_a_pinned_version_is_not_rejected(registry: Registry) -> None:
    plain_model.publish(registry, b"1")
    registry.pin(MARKET, [1])
    with pytest.raises(RejectionRefused, match="is pinned on the servers"):
        registry.reject(MARKET, 1, by="ann", reason="odd prices")


@pytest.mark.parametrize("content", ["", "{}", '{"versions": 7}', '{"versions": ["x"]}'])
def test_a_damaged_list_of_what_is_pinned_is_named(registry: Registry, content: str) -> None:
    plain_model.publish(registry, b"1")
    (registry.root / MARKET / "pinned.json").write_text(content)
    with pytest.raises(ModelDamaged, match=r"pinned\.json cannot be read"):
        registry.pinned(MARKET)


def test_the_champion_is_not_rejected(registry: Registry) -> None:
    plain_model.publish(registry, b"one")
    plain_model.promote(registry, 1)
    with pytest.raises(RejectionRefused, match="Roll back, or promote another, first"):
        registry.reject(MARKET, 1, by="ann", reason="odd prices")


def test_a_version_other_than_the_judged_one_is_not_promoted(registry: Registry) -> None:
    plain_model.publish(registry, b"one")
    with pytest.raises(PromotionRefused, match="but abc was judged"):
        registry.promote(MARKET, 1, sha256="abc", by="a test", reason="a test")
    assert registry.champion(MARKET) is None


@pytest.mark.parametrize("content", [b"mod", b"another", None])
def test_a_model_cut_short_swapped_or_gone_is_not_promoted(registry: Registry, content: bytes | None) -> None:
    version = plain_model.publish(registry, b"model")
    version.model.unlink()
    if content is not None:
        version.model.write_bytes(content)
    with pytest.raises(PromotionRefused, match=r"model\.onnx: sha256 is .*, the audit log says"):
        plain_model.promote(registry, 1)
    assert any("model.onnx: sha256 is" in fault for fault in verify(registry, MARKET))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"null", b"\xff", b'{"contract": 5, "contract_digest": ""}']
)
def test_a_manifest_that_was_changed_is_damaged(registry: Registry, content: bytes) -> None:
    version = plain_model.publish(registry, b"model")
    (version.folder / "manifest.json").write_bytes(content)
    with pytest.raises(ModelDamaged, match="cannot be read"):
        registry.version(MARKET, 1)
    assert any("manifest.json cannot be read" in fault for fault in verify(registry, MARKET))


def test_a_contract_that_was_changed_in_the_manifest_differs_from_its_digest(registry: Registry) -> None:
    path = plain_model.publish(registry, b"model").folder / "manifest.json"
    path.write_text(path.read_text().replace('"EUR"', '"USD"'))
    with pytest.raises(ModelDamaged, match="the contract differs from its digest"):
        registry.version(MARKET, 1)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"version": 1}', b"null", b"\xff"])
def test_a_champion_that_was_changed_by_hand_is_damaged(registry: Registry, content: bytes) -> None:
    plain_model.publish(registry, b"model")
    plain_model.promote(registry, 1)
    (registry.root / MARKET / "champion.json").write_bytes(content)
    with pytest.raises(ModelDamaged, match=r"champion\.json cannot be read"):
        registry.champion(MARKET)
    assert any("champion.json cannot be read" in fault for fault in verify(registry, MARKET))


def test_a_champion_put_in_place_past_the_log_is_found(registry: Registry) -> None:
    plain_model.publish(registry, b"one")
    plain_model.publish(registry, b"two")
    plain_model.promote(registry, 1)
    path = registry.root / MARKET / "champion.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 9}))
    faults = "\n".join(verify(registry, MARKET))
    assert "champion.json says 9, the audit log's last promotion says 1" in faults
    assert "champion.json names version 9, which is not published" in faults


def test_a_root_that_cannot_be_written_is_an_error_of_the_registry(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RegistryError, match="cannot publish a version of town: Not a directory"):
        plain_model.publish(Registry(tmp_path / "file"), b"model")
