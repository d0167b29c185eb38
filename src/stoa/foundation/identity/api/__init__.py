"""`/api/v1/auth`."""

from stoa.foundation.identity.api import session

routes = [*session.routes]
