"""The cases of ``ray_cases.py`` pass; whatever becomes of their cluster, this process lives on."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
CASES = Path(__file__).with_name("ray_cases.py")
NAMES = re.findall(r"^def (test_\w+)", CASES.read_text(encoding="utf-8"), re.MULTILINE)
LIMIT = 600.0
"""Seconds; thirty are enough where cores are free."""


def run(command: list[str]) -> str:
    """What a command of its own process group said within ``LIMIT``; nothing of the group outlives it."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            return process.communicate(timeout=LIMIT)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return f"after {LIMIT:.0f} s: {process.communicate()[0]}"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Of every case how it failed, empty if it did not."""
    file = tmp_path_factory.mktemp("ray") / "cases.xml"
    said = run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junit-xml={file}", str(CASES)])
    assert file.exists(), f"pytest was ended: {said}"
    cases = ElementTree.parse(file).iter("testcase")
    return {case.attrib["name"]: "".join(part.text or part.tag for part in case) for case in cases}


@pytest.mark.parametrize("name", NAMES)
def test_on_a_cluster(name, outcomes):
    assert outcomes[name] == ""
