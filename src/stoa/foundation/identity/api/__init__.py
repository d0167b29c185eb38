"""`/api/v1/auth`."""

from stoa.foundation.identity.api import flows, mfa, oauth, passkeys, phone, session

routes = [*session.routes, *flows.routes, *mfa.routes, *oauth.routes, *passkeys.routes, *phone.routes]
