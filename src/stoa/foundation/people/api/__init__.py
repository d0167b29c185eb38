"""`/api/v1/people`: profiles, and who follows whom."""

from stoa.foundation.people.api import follows, profile

routes = [*profile.routes, *follows.routes]
