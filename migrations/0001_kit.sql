-- What the kit keeps in the database: jobs and their schedules, events, rate limits, answers to repeated requests.

-- One row per job. `seq` is the order in which jobs were inserted, which for writers that wait for each other is the
-- order of their business changes; a clock is not. A retry moves `run_at` and leaves `scheduled_at`, the time asked for.
create table jobs (
    id uuid constraint jobs_pkey primary key,
    seq bigint generated always as identity,
    queue text not null,
    type text not null,
    payload jsonb not null,
    state text not null,
    priority smallint not null,
    outside boolean not null,
    scheduled_at timestamptz not null,
    run_at timestamptz not null,
    attempts smallint not null default 0,
    max_attempts smallint not null,
    backoff_s real not null,
    timeout_s real not null,
    key text,
    unique_key text,
    trace_id text not null,
    worker_id integer,
    lease_until timestamptz,
    progress smallint,
    progress_message text,
    result jsonb,
    last_error text,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    constraint jobs_state_known check (state in ('scheduled', 'waiting', 'running', 'done', 'dead', 'discarded')),
    constraint jobs_running_is_leased check ((state = 'running') = (worker_id is not null and lease_until is not null)),
    constraint jobs_finished_has_time check ((state in ('done', 'dead', 'discarded')) = (finished_at is not null)),
    constraint jobs_progress_percent check (progress between 0 and 100),
    constraint jobs_attempts_counted check (attempts >= 0 and max_attempts >= 1)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);

-- The order of the claim. `scheduled` rows become `waiting` when they are due, so that this index holds no future.
create index jobs_waiting on jobs (priority desc, seq) where state = 'waiting';
create index jobs_scheduled on jobs (run_at) where state = 'scheduled';
create index jobs_running on jobs (worker_id) where state = 'running';
create index jobs_ended on jobs (finished_at, id) where state in ('done', 'discarded');
create index jobs_dead on jobs (finished_at, id) where state = 'dead';
create index jobs_open_by_key on jobs (key, seq) where key is not null and state in ('scheduled', 'waiting', 'running');
create unique index jobs_one_running_per_key on jobs (key) where key is not null and state = 'running';
create unique index jobs_one_waiting_per_unique_key on jobs (type, unique_key)
    where unique_key is not null and state in ('scheduled', 'waiting');

-- One row per periodic task; whoever locks a due row enqueues the job and moves `next_at` in the same transaction.
create table job_schedules (
    name text constraint job_schedules_pkey primary key,
    every_s double precision,
    cron text,
    next_at timestamptz not null,
    last_at timestamptz,
    last_job_id uuid,
    constraint job_schedules_one_rule check (num_nonnulls(every_s, cron) = 1)
);

-- The outbox: what happened, written in the transaction in which it happened.
create table events (
    id uuid constraint events_pkey primary key,
    type text not null,
    payload jsonb not null,
    actor_id uuid,
    trace_id text not null,
    created_at timestamptz not null
);

-- Tokens handed out per key and window (L1). Unlogged: after a crash of the server every window starts anew.
create unlogged table rate_limits (
    key text constraint rate_limits_pkey primary key,
    window_ends_at timestamptz not null,
    used integer not null,
    granted integer not null,
    constraint rate_limits_used_positive check (used >= 0 and granted >= 0)
);

create index rate_limits_ended on rate_limits (window_ends_at);

-- Answers to requests that carried an Idempotency-Key (M11). Without a status the first request is still at work.
create table idempotency_keys (
    scope text not null,
    key text not null,
    request_hash bytea not null,
    status smallint,
    content_type text,
    body bytea,
    created_at timestamptz not null,
    constraint idempotency_keys_pkey primary key (scope, key)
);

create index idempotency_keys_created on idempotency_keys (created_at);
