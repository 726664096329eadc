"""How pytest treats the notebooks, and what a full run must contain.

Every code cell of a notebook is a test item (nbval): it must run, and where it is tagged `nbval-check-output` it must
print what the file holds. With SSGAN_EDU_FLOORS=1, as `make test` sets it, a skip that nobody expects fails the run, and
so do fewer executed cells or tests than FLOORS.
"""
import os
import tempfile
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest
from jupyter_client.manager import AsyncKernelManager, KernelManager

FLOORS = {"notebook cells": 520, "tests": 2100}
NOT_EVALUATED = "marked #| eval: false"
EXPECTED_SKIPS = (NOT_EVALUATED, "needs a GPU", "needs Chromium")  # with CI=true the last one is a failure instead

# In exercises/ the answers are missing on purpose; exercises/test_answers.py checks them in its own way. The code of zh/ is that of nbs/.
collect_ignore_glob = ["exercises/*.ipynb", "zh/*.ipynb"]

# Kernels talk through files. Free network ports are found before they are taken, and two workers may find the same one.
SOCKETS = tempfile.TemporaryDirectory(prefix="kernels-")
for manager in (KernelManager, AsyncKernelManager):
    manager.transport.default_value = "ipc"
    manager._ip_default = lambda self: f"{SOCKETS.name}/{uuid4().hex}"

passed = Counter()
unexpected_skips = []


def pytest_configure(config):
    config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / "sanitize.cfg")


def pytest_collection_modifyitems(config, items):
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow and os.environ.get("SSGAN_EDU_SLOW") != "1":
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    for item in items:
        cell = getattr(item, "cell", None)
        if cell is None:
            continue
        # nbdev-clean removes execution counts, and nbval compares nothing in a cell without one.
        cell.execution_count = cell.execution_count or 1
        if any(line.replace(" ", "") == "#|eval:false" for line in cell.source.splitlines()):
            item.add_marker(pytest.mark.skip(reason=NOT_EVALUATED))


# With xdist these hooks see the reports of all workers in the controlling process, which alone decides.
def pytest_runtest_logreport(report):
    if report.when == "call" and report.passed:
        passed["notebook cells" if ".ipynb::" in report.nodeid else "tests"] += 1
    note_skip(report)


def pytest_collectreport(report):
    note_skip(report)


def note_skip(report):
    if report.skipped and not any(reason in str(report.longrepr) for reason in EXPECTED_SKIPS):
        unexpected_skips.append(report.nodeid)


def shortcomings() -> list[str]:
    if os.environ.get("SSGAN_EDU_FLOORS") != "1":
        return []
    return [f"unexpected skip: {nodeid}" for nodeid in unexpected_skips] + [
        f"only {passed[what]} {what} passed, the floor is {floor}" for what, floor in FLOORS.items() if passed[what] < floor
    ]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput") and shortcomings() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    for line in shortcomings():
        terminalreporter.write_line(f"FAILED {line}", red=True)
