"""`/api/v1/sites` and `/api/v1/themes`."""

from stoa.creation.sites.api import domains, looks, pages, sites, themes

routes = [*sites.routes, *looks.routes, *domains.routes, *pages.routes, *themes.routes]
