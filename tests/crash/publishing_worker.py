"""A worker with all of Stoa's jobs, whose clock is some minutes ahead, and which may stop in the middle of publishing.

`python -c "from tests.crash import publishing_worker; publishing_worker.main()" <database> <home> <minutes> <flag>`:
with a flag, a file of that name is made when a chapter was just published and nothing is committed yet, and then it
waits.
"""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stoa.kit import clock


def main() -> None:
    dsn, home, minutes, flag = sys.argv[1:]
    ahead = timedelta(minutes=int(minutes))
    clock.utcnow = lambda: datetime.now(UTC) + ahead  # before anybody takes it from there
    asyncio.run(work(dsn, Path(home), Path(home) / flag if flag else None))


async def work(dsn: str, home: Path, flag: Path | None) -> None:
    from stoa.creation.serials.actions import schedule
    from stoa.kit.queue.job import PERIODIC
    from stoa.kit.queue.worker import Worker
    from stoa.modules import build_app
    from tests.conftest import settings_for

    publish = schedule._publish

    async def stopping(ctx: Any, chapter: Any) -> None:
        await publish(ctx, chapter)
        if flag is not None:
            flag.touch()
            await asyncio.sleep(600)

    schedule._publish = stopping
    app = await build_app(settings_for(dsn, home, log_level="error"))
    name = "serials.publish_due"
    PERIODIC[name] = replace(PERIODIC[name], every_s=1.0)  # so that the test need not wait
    await Worker(app, lease_s=2, grace_s=1).run()
