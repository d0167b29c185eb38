"""`/api/v1/auth`."""

from stoa.foundation.identity.api import flows, mfa, passkeys, session

routes = [*session.routes, *flows.routes, *mfa.routes, *passkeys.routes]
