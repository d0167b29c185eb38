"""The pages: handlers and templates by who uses them, over the queries and actions of the modules below.

`page.py` renders; `components/` holds the macros (as `ui.…` in every template), `layouts/` what stands around a page,
`static/build/` what `frontend/` bundles. Pages own no tables.
"""
