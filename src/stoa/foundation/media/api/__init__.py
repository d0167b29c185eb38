"""`/api/v1/media`: files in, kept in order, and out; `/media/…`: their addresses."""

from stoa.foundation.media.api import delivery, library, making, uploads

routes = [*uploads.routes, *library.routes, *making.routes, *delivery.routes]
