"""Bodies of the routes about buying."""

import msgspec

from stoa.creation.serials.schemas.chapters import Asset, Price


class UnlockIn(msgspec.Struct, frozen=True):
    """The price that was shown; 409 where it is another one now. Without one, whatever it costs."""

    price_minor: Price | None = None
    price_asset: Asset | None = None
