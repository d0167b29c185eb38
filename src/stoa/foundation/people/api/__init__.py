"""`/api/v1/users`, `/people`, `/authors`, `/brands` and `/me`: accounts, profiles, follows and blocks."""

from stoa.foundation.people.api import account, blocks, creators, follows, profile

routes = [*account.routes, *creators.routes, *profile.routes, *follows.routes, *blocks.routes]
