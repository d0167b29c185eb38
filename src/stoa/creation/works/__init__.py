"""Whatever is published: its words, its state, its address, and what readers do with it.

Tables: works, work_slugs, work_stats, reactions, work_views. Events: WorkPublished, WorkChanged, WorkUnpublished,
WorkDeleted, WorkInReview, WorkRefused, WorkReacted. Each kind of work (posts, later chapters, items …) has a module of
its own above this one.
"""
