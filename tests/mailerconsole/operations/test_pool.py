"""kill -9 of a worker ends the processes of its pool too: they would go on beside the next one, and hear of nothing."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.stack import ROOT, wait_for

pytestmark = pytest.mark.engine_independent

# A worker, as far as the kernel is concerned, and a process of its pool in the middle of a job.
WORKER = """
import os, time
import mailerconsole
from celery.signals import worker_process_init
if not os.fork():
    worker_process_init.send(sender=None)
    print(os.getpid(), flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_the_pool_ends_with_its_worker(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), "PYTHONWARNINGS": "ignore"}
    said = tmp_path / "said"
    with said.open("wb") as file:
        worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment, stdout=file, stderr=file)
    wait_for(lambda: said.read_text().strip(), 60)
    process = psutil.Process(int(said.read_text()))
    worker.kill()
    worker.wait()
    try:
        wait_for(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, 5)
    finally:
        if process.is_running():
            process.kill()
