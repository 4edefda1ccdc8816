"""Addresses are made from names and found by paths, and one of ours leads nowhere else."""

from dataclasses import dataclass

import pytest

from jump.console.addresses import BASE, Addresses, is_ours


@dataclass(frozen=True)
class Place:
    name: str
    path: str


ADDRESSES = Addresses(
    (
        Place("home", ""),
        Place("keys", "/keys"),
        Place("new", "/keys/new"),
        Place("key", "/keys/{id}"),
    )
)


@pytest.mark.parametrize(
    ("path", "name", "ids"),
    [
        (BASE, "home", {}),
        (f"{BASE}/keys", "keys", {}),
        (f"{BASE}/keys/new", "new", {}),
        (f"{BASE}/keys/key_1", "key", {"id": "key_1"}),
    ],
)
def test_a_place_is_found_by_its_path(path: str, name: str, ids: dict[str, str]) -> None:
    found = ADDRESSES.find(path)
    assert found is not None
    assert (found.place.name, found.ids) == (name, ids)
    assert ADDRESSES.path(name, ids) == path


@pytest.mark.parametrize(
    "path", ["", "/", "/keys", f"{BASE}/", f"{BASE}/keys/", f"{BASE}/keys/1/2", f"{BASE}x"]
)
def test_other_paths_are_nowhere(path: str) -> None:
    assert ADDRESSES.find(path) is None


def test_what_stands_in_an_address_is_escaped() -> None:
    query = (("q", "a&b=c"), ("empty", ""))
    assert ADDRESSES.address("key", {"id": "a/b?c"}, query) == f"{BASE}/keys/a%2Fb%3Fc?q=a%26b%3Dc"


@pytest.mark.parametrize("twice", [Place("keys", "/other"), Place("other", "/keys")])
def test_no_two_places_have_one_name_or_one_path(twice: Place) -> None:
    with pytest.raises(ValueError, match="one name or one path"):
        Addresses((*ADDRESSES.all, twice))


@pytest.mark.parametrize("address", [BASE, f"{BASE}/keys?mode=live", f"{BASE}?x=1"])
def test_addresses_below_the_base_are_ours(address: str) -> None:
    assert is_ours(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/",
        f"{BASE}x",
        f"https://evil.example{BASE}",
        f"//evil.example{BASE}",
        f"{BASE}\\evil",
        f"{BASE}/\n",
        f"{BASE}/\u00e9",
    ],
)
def test_no_other_address_is(address: str) -> None:
    assert not is_ours(address)
