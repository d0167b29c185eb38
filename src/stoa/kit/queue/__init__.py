"""Jobs: a table, written in the business transaction, run by workers at least once, in order where a key asks for it.

`Job`, `enqueue`, `@handles`, `@every` are what modules use; `RetryLater`, `GiveUp`, `progress` and `current_job` are
for handlers, `run_due` for tests and commands. Pages for administrators read `stoa.kit.queue.admin`.

A database-only job commits its effect and its end in one transaction. A job with an effect outside (`outside = True`)
runs under a lease that is renewed while it runs, and must be idempotent. Attempts are counted when a job is claimed, so
that one which ends its process becomes a dead letter too.
"""

from stoa.kit.queue.enqueue import enqueue
from stoa.kit.queue.job import Job, every, handles
from stoa.kit.queue.runner import GiveUp, RetryLater, current_job, progress, run_due

__all__ = ["GiveUp", "Job", "RetryLater", "current_job", "enqueue", "every", "handles", "progress", "run_due"]
