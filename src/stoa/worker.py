"""The composition root of the job runner: settings in, jobs done, until SIGTERM or Ctrl-C."""

import asyncio
import signal

import msgspec
import uvloop

from stoa import modules
from stoa.kit import logs, metrics
from stoa.kit.config import Settings
from stoa.kit.queue import upkeep  # noqa: F401 - registers the kit's own periodic task
from stoa.kit.queue.worker import Worker

# Besides one connection per job at a time: the keeper's, the dispatcher's, and some for handlers that open their own.
SPARE_CONNECTIONS = 6


def main(settings: Settings) -> None:
    """Runs jobs until the process is told to end; then running jobs end, or are given back to the queue."""
    logs.configure(settings)
    metrics.configure(settings.home / "metrics")
    uvloop.run(serve(settings))


async def serve(settings: Settings) -> None:
    """`main` inside an event loop."""
    size = max(settings.pool_size, settings.worker_concurrency + SPARE_CONNECTIONS)
    app = await modules.build_app(msgspec.structs.replace(settings, pool_size=size))
    try:
        worker = Worker(app, concurrency=settings.worker_concurrency, lease_s=settings.worker_lease_s)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stop)
        await worker.run()
    finally:
        await modules.close_app(app)
