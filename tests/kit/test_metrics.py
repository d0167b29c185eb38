"""Metrics: of one process, and of several together."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
from pathlib import Path
from stoa.kit import metrics
metrics.configure(Path(sys.argv[1]))
metrics.observe_request("GET", "/p/{slug:str}", 200, 0.02)
metrics.observe_job("money.payouts.SendPayout", "done", 0.1, 0.01)
"""
READER = """
import sys
from pathlib import Path
from stoa.kit import metrics
metrics.configure(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
metrics.observe_request("GET", "/p/{slug:str}", 200, 0.02)
body, content_type = metrics.render_metrics()
assert content_type.startswith("text/plain")
print(body.decode())
"""


def run(script: str, *args: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    return subprocess.Popen(
        [sys.executable, "-c", script, *args], env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def shown(script: str, *args: str) -> str:
    out, _ = run(script, *args).communicate(timeout=30)
    return out


REQUESTS = 'stoa_http_request_seconds_count{method="GET",route="/p/{slug:str}",status="200"}'


def test_one_process_counts_requests_by_route_template() -> None:
    text = shown(READER)
    assert f"{REQUESTS} 1.0" in text and "process_cpu_seconds_total" in text


def test_processes_are_shown_together(tmp_path: Path) -> None:
    waiting = WRITER + "print('ready', flush=True); input()"
    with run(waiting, str(tmp_path)) as first, run(waiting, str(tmp_path)) as second:
        assert first.stdout and second.stdout and first.stdin and second.stdin
        assert first.stdout.readline() == second.stdout.readline() == "ready\n"
        text = shown(READER, str(tmp_path))
        assert f"{REQUESTS} 3.0" in text
        assert 'stoa_jobs_total{outcome="done",type="money.payouts.SendPayout"} 2.0' in text
        assert 'stoa_job_wait_seconds_count{type="money.payouts.SendPayout"} 2.0' in text
        first.stdin.write("\n")
        second.stdin.write("\n")


POOL = """
from types import SimpleNamespace
pool = SimpleNamespace(get_size=lambda: 4, get_idle_size=lambda: 3)
metrics.observe_pool(SimpleNamespace(database=SimpleNamespace(pool=pool)))
"""


def test_the_connections_of_a_process_that_has_ended_are_forgotten(tmp_path: Path) -> None:
    waiting = WRITER + POOL + "print('ready', flush=True); input()"
    with run(waiting, str(tmp_path)) as living:
        assert living.stdout and living.stdin
        living.stdout.readline()
        with run(waiting, str(tmp_path)) as dying:
            assert dying.stdout
            dying.stdout.readline()
            assert 'stoa_database_connections{state="idle"} 6.0' in shown(READER, str(tmp_path))
            dying.kill()
        text = shown(READER, str(tmp_path))
        assert 'stoa_database_connections{state="idle"} 3.0' in text
        assert 'stoa_jobs_total{outcome="done",type="money.payouts.SendPayout"} 2.0' in text
        living.stdin.write("\n")


def test_a_new_start_begins_at_zero(tmp_path: Path) -> None:
    shown(WRITER, str(tmp_path))
    assert list(tmp_path.glob("*.db"))
    assert f"{REQUESTS} 1.0" in shown(READER, str(tmp_path))
