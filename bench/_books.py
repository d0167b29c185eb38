"""A book of a hundred chapters: in and out through Stoa, and the same work by the bare libraries in one process.

In, the same work: the file is unpacked, each page parsed and written as Markdown, each text read, made into HTML and
its beginning, and stored with a row in works and in chapters. Out: the file is made of texts that are there. What Stoa
does besides is access, the report, duplicates, plans, numbers, versions, slugs, jobs and the storage.
"""

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from stoa.creation.exchange import actions as exchange
from stoa.creation.exchange import queries
from stoa.creation.exchange.actions import reading
from stoa.creation.exchange.actions.writing import write
from stoa.creation.exchange.types import ExportState, ImportState, Options, OutBook, OutChapter, Target
from stoa.kit import markdown
from stoa.kit.clock import utcnow
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.ids import new_id

CHAPTERS: Final = 100
PARAGRAPHS: Final = 60
WORDS: Final = "stone shade daylight column market morning letter river garden harbour winter story".split()
TARGETS: Final = (Target.EPUB, Target.DOCX, Target.HTML, Target.ZIP)  # a PDF is one call of typst on both sides

_TABLES: Final = """
    create temporary table bare_works (id uuid primary key, title text, words text, search tsvector
      generated always as (to_tsvector('simple', words)) stored, n integer) on commit drop;
    create temporary table bare_chapters (id uuid primary key, markdown text, html text, beginning text) on commit drop;
    create temporary table bare_versions (id uuid primary key, title text, markdown text) on commit drop
"""
_INSERTS: Final = (
    (
        "insert into bare_works (id, title, words, n)"
        " select * from unnest($1::uuid[], $2::text[], $3::text[], $4::integer[])",
        (0, 1, 4, 6),
    ),
    ("insert into bare_chapters select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])", (0, 2, 3, 5)),
    ("insert into bare_versions select * from unnest($1::uuid[], $2::text[], $3::text[])", (0, 1, 2)),
)


def book() -> OutBook:
    """A novel of CHAPTERS chapters, about 3,000 words each, with some emphasis."""
    chapters = []
    for number in range(1, CHAPTERS + 1):
        lines = []
        for line in range(PARAGRAPHS):
            words = [WORDS[(number * 7 + line * 3 + n * n) % len(WORDS)] for n in range(50)]
            words[7], words[20] = f"*{words[7]}*", f"“{words[20]}”,"
            lines.append(" ".join(words).capitalize() + ".")
        text = "\n\n".join(lines)
        title = f"Chapter {number}: {WORDS[number % len(WORDS)]}"
        chapters.append(
            OutChapter(title=title, number=Decimal(number), volume=None, markdown=text, html=markdown.render(text))
        )
    return OutBook(
        id=new_id(),
        title="A hundred chapters",
        author="Bench",
        language="en",
        description="",
        url="https://example.org/s/bench/series/a-hundred",
        changed_at=datetime(2026, 1, 1, tzinfo=UTC),
        chapters=chapters,
    )


async def in_by_stoa(app: App, actor: Actor, series_id: UUID, data: bytes) -> float:
    """Seconds until all chapters are there."""
    began = time.perf_counter()
    async with app.database.transaction() as db:
        ctx = Ctx(db, actor, utcnow(), "bench", app)
        begun = await exchange.begin_import(
            ctx, series_id, data=data, filename="book.epub", options=Options(dry_run=False)
        )
    async with app.database.connection() as db:
        await exchange.read_import(Ctx(db, None, utcnow(), "bench", app), begun.id)
        taken = time.perf_counter() - began
        done = await queries.IMPORT(db, begun.id)
    if done is None or done.state is not ImportState.DONE or done.report.added != CHAPTERS:
        raise RuntimeError(f"the book did not come in: {done and done.problem}")
    return taken


async def in_bare(app: App, data: bytes) -> float:
    """Seconds for the same by the libraries alone: zipfile, the parsers, markdown-it, nh3 and asyncpg."""
    began = time.perf_counter()
    rows: list[tuple[Any, ...]] = []
    for chapter in reading.read(data, "book.epub", most_picture_bytes=1).chapters:
        document = markdown.read(chapter.markdown)
        html, words = document.html(), document.words
        beginning = document.beginning(3)
        rows.append((new_id(), chapter.title, chapter.markdown, html, words, beginning.html(), document.words_count))
    async with app.database.transaction() as db:
        await db.execute(_TABLES)
        for sql, columns in _INSERTS:
            await db.execute(sql, *([row[n] for row in rows] for n in columns))
    return time.perf_counter() - began


async def out_by_stoa(app: App, actor: Actor, series_id: UUID, target: Target) -> float:
    """Seconds until the file is there."""
    began = time.perf_counter()
    async with app.database.transaction() as db:
        await db.execute("delete from exports")
        begun = await exchange.begin_export(Ctx(db, actor, utcnow(), "bench", app), series_id, target)
    async with app.database.connection() as db:
        await exchange.make_export(Ctx(db, None, utcnow(), "bench", app), begun.id)
        taken = time.perf_counter() - began
        done = await queries.EXPORT(db, begun.id)
    if done is None or done.state is not ExportState.DONE:
        raise RuntimeError(f"the book did not go out: {done and done.problem}")
    return taken


async def out_bare(made: OutBook, target: Target) -> float:
    """Seconds for the same of a book that is in memory."""
    began = time.perf_counter()
    await write(made, target, base_url="https://example.org")
    return time.perf_counter() - began
