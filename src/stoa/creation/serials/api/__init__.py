"""`/api/v1/series`, `/chapters`, `/genres`, `/tags` and `/content-warnings`: each file brings its `routes`."""

from typing import Any

routes: list[Any] = []
