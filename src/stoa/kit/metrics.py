"""Prometheus metrics: requests by route template, jobs by type, database connections."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stoa.kit.ctx import App

REQUEST_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
JOB_BUCKETS_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0)


class _Instruments:
    """Made at the first use, because prometheus_client decides when it is imported whether processes share files."""

    def __init__(self) -> None:
        from prometheus_client import Counter, Gauge, Histogram

        self.requests = Histogram(
            "stoa_http_request_seconds",
            "Time to answer a request",
            ("method", "route", "status"),
            buckets=REQUEST_BUCKETS_S,
        )
        self.jobs = Counter("stoa_jobs", "Attempts of jobs by how they ended", ("type", "outcome"))
        self.job_seconds = Histogram(
            "stoa_job_seconds", "Time one attempt of a job took", ("type",), buckets=JOB_BUCKETS_S
        )
        self.job_wait_seconds = Histogram(
            "stoa_job_wait_seconds", "Time from when a job was due to its start", ("type",), buckets=JOB_BUCKETS_S
        )
        self.pool = Gauge(
            "stoa_database_connections", "Connections of the pool", ("state",), multiprocess_mode="livesum"
        )


@cache
def _instruments() -> _Instruments:
    return _Instruments()


@cache  # looking labels up takes longer than counting; types and outcomes are few
def _job_instruments(type_: str, outcome: str) -> tuple[Any, Any, Any]:
    made = _instruments()
    return made.jobs.labels(type_, outcome), made.job_seconds.labels(type_), made.job_wait_seconds.labels(type_)


@cache
def _request_instrument(method: str, route: str, status: int) -> Any:
    return _instruments().requests.labels(method, route, str(status))


def configure(directory: Path | None) -> None:
    """Call before the first use. With a directory, all processes that name the same one are shown together.

    Files left by an earlier run are removed when none of the processes that wrote them lives any more.
    """
    if directory is None:
        return
    directory.mkdir(parents=True, exist_ok=True)
    files = list(directory.glob("*.db"))
    if not any(_alive(file) for file in files):
        for file in files:
            file.unlink(missing_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


def _alive(file: Path) -> bool:
    """Whether the process that wrote this file runs."""
    pid = file.stem.rpartition("_")[2]
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Counts an answered request under its route template, never under its address."""
    _request_instrument(method, route, status).observe(seconds)


def observe_job(type_: str, outcome: str, seconds: float, waited_s: float) -> None:
    """Counts one attempt of a job; `waited_s` is how long it stood in the queue after it was due."""
    counter, took, waited = _job_instruments(type_, outcome)
    counter.inc()
    took.observe(seconds)
    waited.observe(max(0.0, waited_s))


def observe_pool(app: "App") -> None:
    """Notes how many connections of this process's pool are open, and how many of those are idle."""
    pool = getattr(app.database, "pool", None)
    if pool is None:
        return
    gauge = _instruments().pool
    gauge.labels("open").set(pool.get_size())
    gauge.labels("idle").set(pool.get_idle_size())


def render_metrics() -> tuple[bytes, str]:
    """The exposition of all processes, and its content type."""
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

    _instruments()
    registry: Any = REGISTRY
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if directory:
        for file in Path(directory).glob("gauge_live*.db"):  # what a process that has ended last said of itself
            if not _alive(file):
                file.unlink(missing_ok=True)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
