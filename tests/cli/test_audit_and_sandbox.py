"""`jump sandbox load`, and `jump audit list`, in which its work is seen."""

import re

from tests.processes import Jump


def test_invented_patients_are_added_and_audited_without_events(jump: Jump) -> None:
    loaded = jump.run("sandbox", "load", "--patients", "3", "--json")
    assert list(loaded.json) == ["mode", "patients", "appointments", "consultations", "problems"]
    assert (loaded.json["patients"], loaded.json["appointments"]) == (3, 30)
    assert loaded.errors == ""
    rows = jump.run("audit", "list", "--action", "patient.created", "--json").json
    assert len(rows) == 3
    assert {row["mode"] for row in rows} == {"test"}
    assert {row["actor"]["kind"] for row in rows} == {"operator"}
    again = jump.run("sandbox", "load", "--patients", "2", "--appointments", "7").output
    assert re.fullmatch(
        r"Added 2 patients, 7 appointments, \d consultations and \d problems to the test mode\.\n",
        again,
    )


def test_long_lists_are_read_page_by_page(light_jump: Jump) -> None:
    light_jump.run("sandbox", "load", "--patients", "1100", "--appointments", "0")
    rows = light_jump.run("audit", "list", "--limit", "1050", "--json").json
    assert len({row["id"] for row in rows}) == 1050
    assert rows == sorted(rows, key=lambda row: row["id"], reverse=True)


def test_the_audit_is_narrowed_by_record_actor_time_and_number(light_jump: Jump) -> None:
    create = ("keys", "create", "--mode", "live", "--scopes", "all", "--json")
    first = light_jump.run(*create, "--name", "one").json["id"]
    light_jump.run(*create, "--name", "two")
    light_jump.run("keys", "revoke", first)

    def actions(*more: str) -> list[str]:
        rows = light_jump.run("audit", "list", *more, "--json").json
        return [row["action"] for row in rows]

    assert actions("--record", first) == ["key.revoked", "key.created"]
    assert actions("--limit", "1") == ["key.revoked"]
    assert actions("--action", "key.created") == ["key.created", "key.created"]
    assert actions("--mode", "test") == []
    assert actions("--actor", "key") == []
    assert actions("--until", "1h") == []
    assert len(actions("--since", "1h", "--actor", "operator")) >= 3
    shown = light_jump.run("audit", "list").output
    assert "key.revoked" in shown
    assert "ago)" in shown
