"""docker-compose.yml and Dockerfile, judged without a container engine."""

import re
import shlex

import pytest
import yaml

from mailerconsole.supervisor import read_procfile
from tests.project.environment import variables
from tests.stack import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(TEXT)["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# Service by process of the Procfile.
OURS = {"web": "web", "worker": "worker", "beat": "beat", "release": "migrate"}


def test_commands_are_those_of_the_procfile() -> None:
    procfile = read_procfile()
    assert {name: SERVICES[service]["command"] for name, service in OURS.items()} == procfile


def test_image_starts_the_web_server() -> None:
    command = re.search(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    assert command is not None
    assert yaml.safe_load(command[1]) == shlex.split(read_procfile()["web"])


@pytest.mark.parametrize("service", OURS.values())
def test_every_variable_is_one_that_the_product_reads(service: str) -> None:
    assert set(SERVICES[service]["environment"]) <= variables()


def test_image_sets_only_what_is_read() -> None:
    block = re.search(r"ENV PATH(.+?)\nRUN", DOCKERFILE, re.DOTALL)
    assert block is not None
    assert {name for name in re.findall(r"(\w+)=", block[1]) if not name.startswith("PYTHON")} <= variables()


def test_secrets_have_no_default() -> None:
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SECRET_KEY", "ADMIN_PASSWORD"):
        uses = re.findall(rf"\$\{{{name}[^}}]*\}}", TEXT)
        assert uses
        assert all(use == f"${{{name}:?set it in .env}}" for use in uses)


def test_images_are_pinned() -> None:
    tags = [SERVICES[name]["image"] for name in ("postgres", "redis")] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    assert all(re.search(r":\d+\.\d+(\.\d+)?-", tag) for tag in tags)


def test_image_does_not_run_as_root() -> None:
    assert DOCKERFILE.index("USER console") < DOCKERFILE.index("CMD")


def test_only_the_web_server_is_published_and_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["${PUBLISH:-127.0.0.1:8000}:8000"]}


def test_variables_of_the_env_file_are_documented() -> None:
    documented = (ROOT / "docs" / "operations.md").read_text()
    asked = set(re.findall(r"\$\{(\w+)", TEXT))
    assert [name for name in asked if f"`{name}`" not in documented] == []
