"""`/api/v1/series`, `/chapters`, `/genres`, `/tags` and `/content-warnings`: each file brings its `routes`."""

from stoa.creation.serials.api import (
    bulk,
    chapter_warnings,
    chapters,
    discovery,
    genres,
    reading,
    series,
    unlock,
    versions,
)

routes = [
    *series.routes,
    *genres.routes,
    *discovery.routes,
    *chapters.routes,
    *reading.routes,
    *versions.routes,
    *bulk.routes,
    *chapter_warnings.routes,
    *unlock.routes,
]
