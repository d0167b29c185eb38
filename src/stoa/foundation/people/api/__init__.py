"""`/api/v1/people`, `/api/v1/authors` and `/api/v1/me`: profiles, follows and blocks."""

from stoa.foundation.people.api import blocks, follows, profile

routes = [*profile.routes, *follows.routes, *blocks.routes]
