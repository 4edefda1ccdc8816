"""Starts that cannot go well: one clear line on standard error, exit status 1, never a trace."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from jump.application.listening import serving, take_port
from jump.application.refusals import PortBusy
from tests.databases import Store
from tests.journeys.scene import Scene
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.postgres import PostgresServer
from tests.processes import COMMAND, RUN_WITHIN_SECONDS, Answer, Jump

PROCESSES = ["serve", "api", "work"]
SECRET = {"JUMP_SECRET_KEY": "x" * 40}


def refusal(answer: Answer) -> str:
    """The one line that a refused start says."""
    assert answer.status == 1, answer
    assert answer.output == ""
    (line,) = answer.errors.splitlines()
    assert line.startswith("jump: ")
    assert line.endswith((".", "?"))
    assert "Traceback" not in line
    return line


def start(jump: Jump, command: str, **settings: str) -> Answer:
    """A start that is expected to end by itself."""
    return jump.run(command, **{"JUMP_PORT": str(free_port()), **settings})


@pytest.mark.parametrize("command", ["serve", "api"])
def test_a_busy_port_is_named_with_what_to_do(sqlite_scene: Scene, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refusal(start(sqlite_scene.jump, command, JUMP_PORT=port))
    assert port in line
    assert "JUMP_PORT" in line


def test_a_second_process_on_the_same_port_is_refused(sqlite_scene: Scene) -> None:
    first = sqlite_scene.jump.start("serve")
    port = first.url.rpartition(":")[2]
    assert port in refusal(start(sqlite_scene.jump, "serve", JUMP_PORT=port))
    assert first.process.poll() is None


def test_nobody_can_share_the_port_of_a_process(sqlite_scene: Scene) -> None:
    port = int(sqlite_scene.jump.start("serve").url.rpartition(":")[2])
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))


async def test_of_two_that_took_a_port_at_the_same_time_one_is_refused() -> None:
    port = free_port()
    first, second = take_port("127.0.0.1", port), take_port("127.0.0.1", port)
    with first, second:
        async with serving(None, first):
            with pytest.raises(PortBusy, match=f"Port {port} .* Set JUMP_WORK_PORT"):
                await serving(None, second, "JUMP_WORK_PORT").__aenter__()


async def test_a_server_that_fails_is_told_by_its_task_and_lets_its_process_say_so() -> None:
    with take_port("127.0.0.1", free_port()) as taken:
        # To leave raises nothing, which would stand in place of what the process has to say.
        async with serving(None, taken) as server, asyncio.timeout(PATIENCE):
            taken.close()
            await asyncio.wait([server])
    assert isinstance(server.exception(), OSError)


def test_a_busy_port_of_a_worker_is_told_by_its_own_setting(sqlite_scene: Scene) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "JUMP_WORK_PORT" in refusal(start(sqlite_scene.jump, "work", JUMP_WORK_PORT=port))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JUMP_PORT", "eighty"),
        ("JUMP_HOST", "http://localhost"),
        ("JUMP_RETRY_SCHEDULE", "60,5"),
        ("JUMP_SECRET_KEY", "sesame"),
        ("JUMP_WEBHOOK_CA_FILE", "nowhere.pem"),
        ("JUMP_WEBHOOK_ALLOW_NETWORKS", "169.254.0.0/16"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    sqlite_scene: Scene, name: str, value: str
) -> None:
    line = refusal(start(sqlite_scene.jump, "serve", **{name: value}))
    assert name in line
    assert value not in line


@pytest.mark.parametrize(
    "url",
    [
        "mysql://localhost/jump",
        "sqlite://jump.db",
        "sqlite:///",
        "postgresql://jump:sesame@localhost/a/b@c",
        "postgresql://jump:sesame@localhost:99999/jump",
        "postgresql://jump:sesame@localhost:port/jump",
        "postgresql://jump:sesame@one:5432,two:0/jump",
    ],
)
def test_a_wrong_database_url_is_refused_without_its_password(
    jump_on: Callable[..., Jump], url: str
) -> None:
    line = refusal(start(jump_on(JUMP_DATABASE_URL=url, **SECRET), "serve"))
    assert "JUMP_DATABASE_URL" in line
    assert "sesame" not in line


def test_postgresql_without_a_secret_key_is_refused(jump_on: Callable[..., Jump]) -> None:
    jump = jump_on(JUMP_DATABASE_URL="postgresql://jump@localhost/jump")
    assert "JUMP_SECRET_KEY" in refusal(start(jump, "serve"))


@pytest.mark.parametrize("command", PROCESSES)
def test_a_postgresql_that_does_not_answer_is_told(
    jump_on: Callable[..., Jump], command: str
) -> None:
    url = f"postgresql://jump:sesame@127.0.0.1:{free_port()}/jump"
    line = refusal(start(jump_on(JUMP_DATABASE_URL=url, **SECRET), command))
    assert "Nothing listens at the host and port" in line
    assert "sesame" not in line


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("poolr=transaction", "An option in JUMP_DATABASE_URL is wrong"),
        ("sslmode=sometimes", "An option in JUMP_DATABASE_URL is wrong"),
        ("sslmode=require", "speaks no TLS"),
        ("sslmode=verify-full&sslrootcert=/nowhere.pem", "is not there"),
    ],
)
def test_an_option_that_keeps_postgresql_from_being_reached_is_told(
    postgres_server: PostgresServer, jump_on: Callable[..., Jump], option: str, told: str
) -> None:
    url = f"{postgres_server.url('postgres')}?{option}"
    assert told in refusal(start(jump_on(JUMP_DATABASE_URL=url, **SECRET), "api"))


def test_a_postgresql_host_that_is_not_found_is_told(jump_on: Callable[..., Jump]) -> None:
    url = "postgresql://jump@database.invalid/jump"
    line = refusal(start(jump_on(JUMP_DATABASE_URL=url, **SECRET), "api"))
    assert "host is not found" in line


def test_a_postgresql_database_that_does_not_exist_is_told(
    postgres_server: PostgresServer, jump_on: Callable[..., Jump]
) -> None:
    jump = jump_on(JUMP_DATABASE_URL=postgres_server.url("nowhere"), **SECRET)
    assert "does not exist" in refusal(start(jump, "serve"))


def test_a_postgresql_role_that_does_not_exist_is_told(
    postgres_server: PostgresServer, jump_on: Callable[..., Jump]
) -> None:
    url = postgres_server.url("postgres").replace("jump@", "stranger@")
    assert "refuses the user" in refusal(start(jump_on(JUMP_DATABASE_URL=url, **SECRET), "serve"))


@pytest.mark.parametrize("command", PROCESSES)
def test_a_database_of_a_newer_program_is_refused(scene: Scene, store: Store, command: str) -> None:
    store.execute(
        "INSERT INTO schema_migrations (version, name, oldest_program, applied_at)"
        " VALUES (9999, '9999_later', 9999, 0)"
    )
    assert "newer program" in refusal(start(scene.jump, command))


def test_a_newer_database_on_which_this_program_still_works_is_served(
    scene: Scene, store: Store
) -> None:
    store.execute(
        "INSERT INTO schema_migrations (version, name, oldest_program, applied_at)"
        " VALUES (9999, '9999_later', 1, 0)"
    )
    assert scene.jump.start("serve").terminate().status == 0


def test_a_database_whose_secret_key_is_gone_is_refused(
    jump_on: Callable[..., Jump], tmp_path: Path
) -> None:
    jump = jump_on(JUMP_DATABASE_URL="sqlite:///data/jump.db")
    assert jump.run("migrate").status == 0
    (tmp_path / "data" / "jump.db.secret-key").unlink()
    for command in (*PROCESSES, "migrate"):
        line = refusal(start(jump, command))
        assert "secret key" in line
        assert "jump.db.secret-key" in line


def test_a_file_that_is_no_database_is_refused(sqlite_scene: Scene) -> None:
    path = Path(sqlite_scene.jump.settings["JUMP_DATABASE_URL"].removeprefix("sqlite:///"))
    path.write_text("This is a shopping list, and a rather long one. " * 100)
    assert "database" in refusal(start(sqlite_scene.jump, "serve"))


def test_a_database_where_there_is_no_folder_to_make_is_refused(
    jump_on: Callable[..., Jump], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    jump = jump_on(JUMP_DATABASE_URL=f"sqlite:///{tmp_path}/file/jump.db", **SECRET)
    assert "database" in refusal(start(jump, "serve"))


def bound_by_permissions() -> list[str]:
    """Words before a command by which file permissions count for root too."""
    program = shutil.which("setpriv")
    if os.geteuid() != 0:
        return []
    assert program, "as root, this test needs setpriv (util-linux)"
    return [program, "--bounding-set", "-dac_override,-dac_read_search"]


@pytest.mark.parametrize("command", PROCESSES)
def test_a_read_only_database_file_is_refused(
    sqlite_scene: Scene, tmp_path: Path, command: str
) -> None:
    jump = sqlite_scene.jump
    assert jump.run("migrate").status == 0
    path = Path(jump.settings["JUMP_DATABASE_URL"].removeprefix("sqlite:///"))
    apsw.Connection(str(path)).close()
    files = sorted(path.parent.iterdir())
    for file in files:
        file.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        done = subprocess.run(
            [*bound_by_permissions(), *COMMAND, command],
            capture_output=True, text=True, timeout=RUN_WITHIN_SECONDS,
            cwd=tmp_path, env=jump.environment(JUMP_PORT=str(free_port())),
        )  # fmt: skip
    finally:
        path.parent.chmod(0o700)
    line = refusal(Answer(done.returncode, done.stdout, done.stderr))
    assert "read-only" in line
