"""The providers that an operator has set up."""

from stoa.foundation.identity.errors import ProviderNotConfigured
from stoa.foundation.identity.gateways import Provider
from stoa.foundation.identity.gateways.apple import Apple
from stoa.foundation.identity.gateways.google import Google
from stoa.foundation.identity.gateways.twitter import Twitter
from stoa.foundation.identity.types import Provider as Name
from stoa.kit.config import Settings


def providers(settings: Settings) -> list[Name]:
    """Those that are set up, in the order of their buttons."""
    client_ids = {
        Name.GOOGLE: settings.google_client_id,
        Name.APPLE: settings.apple_client_id,
        Name.TWITTER: settings.twitter_client_id,
    }
    return [name for name, client_id in client_ids.items() if client_id]


def provider_of(settings: Settings, name: str) -> Provider:
    """The provider of this name. Raises ProviderNotConfigured."""
    if name not in providers(settings):
        raise ProviderNotConfigured
    match Name(name):
        case Name.GOOGLE:
            return Google(settings)
        case Name.APPLE:
            return Apple(settings)
        case Name.TWITTER:
            return Twitter(settings)
