"""Who a client is, whether the way to us was safe, and what operators may look at."""

import pytest

from jump.storage.database import Database
from jump.storage.sql import sql
from tests.rest.api import Api, open_api, refused
from tests.surface.asking import Asked, Reply, send
from tests.surface.shapes import REQUEST_ID, assert_refused

PROXY = "10.0.0.1"
CLIENT = "203.0.113.7"
TRUSTED = ("10.0.0.0/8", "fd00::/8")


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database, trusted_proxies=TRUSTED)


async def ask(api: Api, key: str, *, client: str, scheme: str = "http", **forwarded: str) -> Reply:
    """`GET /me` from an address; `forwarded` are headers, with `_` for `-`."""
    headers = {name.replace("_", "-"): value for name, value in forwarded.items()}
    asked = Asked("GET", "/api/v1/me", headers, client=client, scheme=scheme)
    return await send(api.app, asked.with_key(key))


async def addresses(api: Api) -> list[str]:
    """Whom the access log has for the requests so far, oldest first."""
    await api.settle()
    rows = await api.database.read(
        lambda tx: tx.all(sql("SELECT address FROM access_log ORDER BY at, id"))
    )
    return [row["address"] for row in rows]


def way(client: str, **more: str) -> dict[str, str]:
    """How a request comes: from where, and with which headers, `_` for `-`, or scheme."""
    return {"client": client, **more}


SAFE = [
    way(client="127.0.0.1"),
    way(client="127.8.8.8"),
    way(client="::1"),
    way(client=CLIENT, scheme="https"),
    way(client=PROXY, x_forwarded_for=CLIENT, x_forwarded_proto="https"),
    way(client=PROXY, x_forwarded_for=f"198.51.100.1, {CLIENT}", x_forwarded_proto="HTTPS"),
    way(client=PROXY, x_forwarded_for=CLIENT, x_forwarded_proto="http, https"),
    way(client="fd00::1", x_forwarded_for="2001:db8::7", x_forwarded_proto="https"),
    way(client="::ffff:10.0.0.1", x_forwarded_for=CLIENT, x_forwarded_proto="https"),
    way(client="::ffff:127.0.0.1"),
]
IN_CLEAR = [
    way(client=CLIENT),
    way(client="unknown"),
    way(client=""),
    # Not a proxy of ours: what it writes is a stranger's word.
    way(client=CLIENT, x_forwarded_proto="https"),
    way(client=CLIENT, x_forwarded_for="127.0.0.1", x_forwarded_proto="https"),
    way(client=CLIENT, forwarded="for=127.0.0.1;proto=https"),
    way(client="192.168.0.1", x_forwarded_for=CLIENT, x_forwarded_proto="https"),
    # A proxy of ours that was spoken to in clear.
    way(client=PROXY, x_forwarded_for=CLIENT),
    way(client=PROXY, x_forwarded_for=CLIENT, x_forwarded_proto="http"),
    way(client=PROXY, x_forwarded_for=CLIENT, x_forwarded_proto="https, http"),
    way(client=PROXY, x_forwarded_for=CLIENT, x_forwarded_proto="httpsx"),
    way(client=PROXY, x_forwarded_for=f"127.0.0.1, {CLIENT}"),
    way(client=PROXY),
]


async def test_a_live_key_is_taken_where_nobody_can_listen(api: Api) -> None:
    key = await api.make_key(mode="live")
    for each in SAFE:
        assert (await ask(api, key, **each)).status == 200, each


async def test_a_live_key_in_clear_is_refused_and_to_be_rotated(api: Api) -> None:
    live, test = await api.make_key(mode="live"), api.key
    for each in IN_CLEAR:
        reply = await ask(api, live, **each)
        error = assert_refused(reply, 401, "UNAUTHORIZED", authenticated=False)
        assert "HTTPS" in error["message"]
        assert (await ask(api, test, **each)).status == 200, each


FROM = [
    (way(client=CLIENT), CLIENT),
    (way(client=CLIENT, x_forwarded_for="198.51.100.9"), CLIENT),
    (way(client=PROXY, x_forwarded_for=CLIENT), CLIENT),
    (way(client=PROXY, x_forwarded_for=f"198.51.100.9, {CLIENT}"), CLIENT),
    (way(client=PROXY, x_forwarded_for=f"{CLIENT}, 10.1.2.3, 10.9.9.9"), CLIENT),
    (way(client=PROXY, x_forwarded_for=f"127.0.0.1,{CLIENT},10.1.2.3"), CLIENT),
    (way(client=PROXY, x_forwarded_for="2001:DB8::0007"), "2001:db8::7"),
    (way(client=PROXY, x_forwarded_for="Ada Lovelace"), "unknown"),
    (way(client=PROXY, x_forwarded_for=f"{CLIENT}, <script>"), "unknown"),
    (way(client=PROXY, x_forwarded_for=""), PROXY),
    (way(client=PROXY, x_forwarded_for=" , ,"), PROXY),
    (way(client=PROXY), PROXY),
]


async def test_the_access_log_has_the_address_nearest_to_us_that_is_no_proxy_of_ours(
    api: Api,
) -> None:
    for each, _ in FROM:
        assert (await ask(api, api.key, **each)).status == 200
    assert await addresses(api) == [address for _, address in FROM]


async def test_failures_are_counted_by_the_address_behind_the_proxy(api: Api) -> None:
    for number in range(30):
        await ask(api, "x", client=PROXY, x_forwarded_for=f"198.51.100.{number}")
    reply = await ask(api, "x", client=PROXY, x_forwarded_for=CLIENT)
    assert_refused(reply, 401, "UNAUTHORIZED", authenticated=False)
    for number in range(30):
        spoofed = f"198.51.100.{100 + number}, {CLIENT}"
        reply = await ask(api, "x", client=PROXY, x_forwarded_for=spoofed)
    assert_refused(reply, 429, "RATE_LIMITED", authenticated=False)


async def operate(api: Api, path: str, method: str = "GET", **how: str) -> Reply:
    client = how.pop("client", "127.0.0.1")
    headers = {name.replace("_", "-"): value for name, value in how.items()}
    return await send(api.app, Asked(method, path, headers, client=client))


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_operators_need_no_key_and_get_the_headers_of_every_answer(
    api: Api, path: str
) -> None:
    for method in ("GET", "HEAD"):
        reply = await operate(api, path, method)
        assert reply.status == 200
        assert REQUEST_ID.fullmatch(reply.headers["x-request-id"])
        assert reply.headers["x-response-time"].endswith("ms")
        assert reply.headers["cache-control"] == "no-store"
        assert not [name for name in reply.headers if "ratelimit" in name or "access-" in name]
    for method in ("POST", "DELETE", "OPTIONS"):
        reply = await operate(api, path, method)
        assert_refused(reply, 405, "METHOD_NOT_ALLOWED", authenticated=False)
        assert reply.headers["allow"] == "GET, HEAD"


async def test_metrics_are_for_this_machine_only_and_to_others_not_there(api: Api) -> None:
    assert b"jump_requests_total" in (await operate(api, "/metrics")).body
    near = [way(client="::1"), way(client=PROXY, x_forwarded_for="127.0.0.1")]
    for each in near:
        assert (await operate(api, "/metrics", **each)).status == 200, each
    far = [
        way(client=CLIENT),
        way(client=CLIENT, x_forwarded_for="127.0.0.1"),
        way(client=PROXY, x_forwarded_for=CLIENT),
        way(client=PROXY, x_forwarded_for=f"127.0.0.1, {CLIENT}"),
        way(client=PROXY),
    ]
    for each in far:
        for method in ("GET", "POST"):
            reply = await operate(api, "/metrics", method, **each)
            nothing = await operate(api, "/nothing", method, **each)
            for answer in (reply, nothing):
                assert_refused(answer, 404, "NOT_FOUND", authenticated=False)
            assert reply.error == nothing.error
    for path in ("/healthz", "/readyz"):
        assert (await operate(api, path, client=CLIENT)).status == 200


async def test_metrics_name_routes_by_their_templates(api: Api) -> None:
    await api.get("/patients/pat_01zebrazebra")
    await api.call("BREW", "/nothing/zebra")
    told = (await operate(api, "/metrics")).body.decode()
    assert 'route="/patients/{id}"' in told
    assert 'method="other"' in told
    assert "zebra" not in told


async def test_a_host_header_changes_nothing(api: Api) -> None:
    for host in (
        "x#",
        "x?",
        "x/metrics?",
        "[::1",
        "a b",
        "x:y",
        "\xff",
        "x/api/v1/patients?status=",
    ):
        asked = Asked("GET", "/api/v1/patients?zz=1", {"host": host}).with_key(api.key)
        reply = await send(api.app, asked)
        assert_refused(reply, 400, "INVALID_REQUEST")
        asked = Asked("GET", "/healthz", {"host": host})
        assert (await send(api.app, asked)).json == {"status": "ok"}


async def test_no_request_brings_its_own_id_or_another_method(api: Api) -> None:
    headers = {
        "X-Request-Id": "req_mine",
        "X-HTTP-Method-Override": "DELETE",
        "Origin": "https://x",
    }
    answer = await api.get("/patients", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] != "req_mine"
    assert "access-control-allow-origin" not in answer.headers
    preflight = await api.call(
        "OPTIONS", "/patients", headers={**headers, "Access-Control-Request-Method": "POST"}
    )
    refused(preflight, 405, "METHOD_NOT_ALLOWED")
