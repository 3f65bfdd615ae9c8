"""docker-compose.yml, Dockerfile and the proxy's configuration, judged without a container engine.

tests/run/test_servers.py runs its commands with its settings.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.urls import NoReverseMatch, reverse

from mailerconsole import liveness
from mailerconsole.hashing import ARGON2_BYTES, PASSWORDS_HASHED_AT_ONCE
from mailerconsole.operations.supervisor import RELEASE, read_procfile
from tests.support.environment import secrets, variables
from tests.support.gunicorn import gunicorn_setting
from tests.support.stack import ROOT
from tests.support.strategies import COMPOSE, SERVICES, interpolated
from tests.workspace.views.test_access import TABLE
from workspace import limits

pytestmark = pytest.mark.engine_independent

TEXT = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NGINX = "".join((ROOT / "deploy" / name).read_text() for name in ("nginx.conf", "nginx-containers.conf"))
OURS = [name for name, service in SERVICES.items() if service.get("image", "").startswith("mailer-console")]
WORKERS = [name for name in OURS if " worker " in SERVICES[name]["command"]]


def test_the_file_is_a_compose_file() -> None:
    """By the specification's own schema, which comes with the tool."""
    tool = Path(sys.executable).with_name("check-jsonschema")
    command = [tool, "--builtin-schema", "vendor.compose-spec", ROOT / "docker-compose.yml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_commands_are_those_of_the_procfile_but_for_a_worker_a_queue() -> None:
    procfile = read_procfile()
    commands = {name: SERVICES[name]["command"] for name in OURS}
    assert commands["migrate"] == procfile[RELEASE]
    assert commands["web"] == procfile["web"]
    assert commands["beat"] == procfile["beat"]
    rest = {
        re.sub(r"--(queues|hostname|concurrency) \S+ ", "", procfile[name]) for name in ("worker", "changes", "mail")
    }
    assert {re.sub(r"--(queues|hostname|concurrency) \S+ ", "", commands[name]) for name in WORKERS} == rest
    assert len(rest) == 1


def test_each_queue_has_workers_of_its_own() -> None:
    served = {name: re.findall(r"--queues (\S+)", SERVICES[name]["command"])[0] for name in WORKERS}
    assert set(served.values()) == liveness.queues()
    for name, queue in served.items():
        assert name == queue
        assert f"--hostname {name}@%h" in SERVICES[name]["command"]
        assert f"--destination {name}@$$HOSTNAME" in SERVICES[name]["healthcheck"]["test"][1]


def test_there_is_one_beat() -> None:
    beats = [name for name, service in SERVICES.items() if " beat" in str(service.get("command"))]
    assert beats == ["beat"]
    assert SERVICES["beat"]["deploy"]["replicas"] == 1


def test_image_starts_the_web_server() -> None:
    command = re.search(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    assert command is not None
    assert yaml.safe_load(command[1]) == shlex.split(read_procfile()["web"])


@pytest.mark.parametrize("service", OURS)
def test_every_variable_is_one_that_the_product_reads(service: str) -> None:
    assert set(SERVICES[service]["environment"]) <= variables() | {f"{name}_FILE" for name in secrets()}


def test_image_sets_only_what_is_read() -> None:
    block = re.search(r"ENV PATH(.+?)\nRUN", DOCKERFILE, re.DOTALL)
    assert block is not None
    assert {name for name in re.findall(r"(\w+)=", block[1]) if not name.startswith("PYTHON")} <= variables()


def test_secrets_are_files_and_nothing_else() -> None:
    """Every one that is mounted is read, every one that is read is mounted, and none is in the environment."""
    for name, service in SERVICES.items():
        text = (
            str(service.get("environment", "")) + str(service.get("command", "")) + str(service.get("healthcheck", ""))
        )
        read = set(re.findall(r"/run/secrets/(\w+)", text + (NGINX if name == "proxy" else "")))
        mounted = set(service.get("secrets", []))
        # The key of the metrics stands in the environment that all of ours share.
        assert read == mounted, name
        assert not {key for key in service.get("environment", {}) if key in secrets() and "URL" not in key}, name
    assert set(COMPOSE["secrets"]) == {name for service in SERVICES.values() for name in service.get("secrets", [])}


def test_secrets_are_made_where_the_file_looks_for_them(tmp_path: Path) -> None:
    deploy = tmp_path / "deploy"
    deploy.mkdir()
    (deploy / "make-secrets").write_bytes((ROOT / "deploy" / "make-secrets").read_bytes())

    def made() -> dict[str, bytes]:
        subprocess.run(["sh", deploy / "make-secrets", "mailer.example.com"], check=True)
        return {path.name: path.read_bytes() for path in (deploy / "secrets").iterdir()}

    first = made()
    assert {f"./deploy/secrets/{name}" for name in first} == {entry["file"] for entry in COMPOSE["secrets"].values()}
    assert all(len(content) >= 40 for content in first.values())
    assert len(set(first.values())) == len(first)
    assert (deploy / "secrets").stat().st_mode & 0o077 == 0
    assert made() == first


def test_secrets_stay_out_of_the_image_and_of_git() -> None:
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")
    assert "!deploy" not in (ROOT / ".dockerignore").read_text()
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_images_are_pinned() -> None:
    tags = [service["image"] for service in SERVICES.values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert all(re.search(r":\d+\.\d+(\.\d+)?(-|$)", tag) for tag in tags), tags


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_write_where_it_must_and_become_nobody_else(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert any(place.startswith("/tmp:") for place in service["tmpfs"])  # noqa: S108 - a folder of the container
    # Ours and the proxy's images say so themselves.
    assert "user" in service or name in OURS or "unprivileged" in service["image"]
    assert "healthcheck" in service or name == "migrate"


def test_image_does_not_run_as_root() -> None:
    assert DOCKERFILE.index("USER console") < DOCKERFILE.index("CMD")


def test_only_the_proxy_is_published_and_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["proxy"]
    assert all(interpolated(port, {}).startswith("127.0.0.1:") for port in published["proxy"])
    assert all(f"listen {interpolated(port, {}).rpartition(':')[2]}" in NGINX for port in published["proxy"])


def test_database_and_broker_reach_nobody_outside() -> None:
    assert COMPOSE["networks"]["inner"]["internal"]
    assert {name for name, service in SERVICES.items() if service.get("networks") == ["inner"]} == {"postgres", "redis"}


def test_the_proxy_takes_what_the_console_answers_to() -> None:
    allowed = re.findall(r"client_max_body_size (\d+)([km]);", NGINX)
    sizes = [int(number) * {"k": 1024, "m": 1024**2}[unit] for number, unit in allowed]
    # The default; without TLS nothing but a redirect; files and large forms of addresses, then those of mails.
    assert sizes[:4] == [limits.FORM_BYTES, 1024, limits.REQUEST_BODY_BYTES, limits.LARGE_FORM_BYTES]
    assert set(sizes[4:]) == {limits.REQUEST_BODY_BYTES}
    read = re.search(r"proxy_read_timeout (\d+)s;", NGINX)
    gunicorn = re.search(r"^timeout = (\d+)$", (ROOT / "mailerconsole/gunicorn_settings.py").read_text(), re.MULTILINE)
    assert read is not None
    assert gunicorn is not None
    assert int(read[1]) > int(gunicorn[1])


def most_of(path: str) -> int:
    """What nginx takes at this path, as its own rules choose: the first pattern that fits, else the default."""
    places = re.findall(r"location ~ (\S+) \{\s+client_max_body_size (\d+)m;", NGINX)
    return next((int(size) * 1024**2 for pattern, size in places if re.search(pattern, path)), limits.FORM_BYTES)


def test_the_proxy_takes_as_much_at_each_url_as_the_console() -> None:
    from django.urls import resolve

    for name, row in TABLE.items():
        arguments = dict(row.arguments)
        try:
            path = reverse(name, kwargs={**arguments, "slug": "main"})
        except NoReverseMatch:
            path = reverse(name, kwargs=arguments)
        view = resolve(path).func
        if not getattr(view, "takes_large_forms", False):
            expected = limits.FORM_BYTES
        elif name == "edit_groups":  # no file, and no form with a field for one
            expected = limits.LARGE_FORM_BYTES
        else:
            expected = limits.REQUEST_BODY_BYTES
        assert most_of(path) == expected, name


def test_what_one_address_sends_at_once_fits_into_the_memory_of_the_proxy() -> None:
    large = re.search(r"client_max_body_size (\d+)m;\s+#[^\n]*\s+limit_conn connections (\d+);", NGINX)
    assert large is not None
    (place,) = SERVICES["proxy"]["tmpfs"]
    size, limit = int(place.removesuffix("m").rpartition("=")[2]), int(SERVICES["proxy"]["mem_limit"].removesuffix("m"))
    assert int(large[1]) * int(large[2]) < size < limit


def test_memory_in_folders_has_a_size() -> None:
    for name, service in SERVICES.items():
        assert all(":size=" in place for place in service["tmpfs"]), name
        assert "mem_limit" in service or name in {"postgres", "redis"}


def test_what_the_processes_of_the_web_server_need_at_once_fits() -> None:
    """Measured, in MB: a process idle, a hash, a form of 5 MiB while it is taken apart, small forms, and answers."""
    idle, small_form, in_flight = 95, 64 * 35 / 1024, 6
    large_form = limits.LARGE_FORM_BYTES / 1024**2 * 35
    process = idle + PASSWORDS_HASHED_AT_ONCE * ARGON2_BYTES / 1024**2
    process += limits.LARGE_FORMS_READ_AT_ONCE * large_form
    process += gunicorn_setting("threads") * (small_form + in_flight + limits.LARGE_FORM_BYTES / 1024**2)
    limit = int(SERVICES["web"]["mem_limit"].removesuffix("m"))
    assert 1.2 * gunicorn_setting("workers") * process <= limit
    measured = re.search(r"`make attack`: ([\d,]+) MB", TEXT)
    assert measured is not None
    assert 1.25 * int(measured[1].replace(",", "")) <= limit


def test_argon2_takes_what_is_reckoned_with() -> None:
    from django.contrib.auth.hashers import Argon2PasswordHasher

    assert Argon2PasswordHasher.memory_cost * 1024 == ARGON2_BYTES


def test_workers_have_time_to_end() -> None:
    for name in WORKERS:
        assert SERVICES[name]["stop_grace_period"] == "60s"


def test_variables_of_the_env_file_are_documented() -> None:
    documented = (ROOT / "docs" / "operations.md").read_text()
    asked = set(re.findall(r"\$\{(\w+)", TEXT))
    assert [name for name in asked if f"`{name}`" not in documented] == []
