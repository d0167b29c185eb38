"""What a page is about, in the words of schema.org, for `ui.json_ld`."""

from typing import Any, Final

from stoa.creation.posts.types import PostView
from stoa.creation.serials.types import ReadView, SeriesView
from stoa.creation.sites.types import PublicSite, SitePage
from stoa.foundation.media.types import Cover
from stoa.foundation.people.types import PersonView

Facts = dict[str, Any]
_CONTEXT: Final = "https://schema.org"


def site(here: PublicSite, base: str, address: str) -> Facts:
    """A site: a WebSite with who made it."""
    return _tidy(
        {
            "@context": _CONTEXT,
            "@type": "WebSite",
            "name": here.title,
            "url": address,
            "description": here.meta_description or here.tagline or None,
            "inLanguage": here.language,
            "image": _picture(here.cover, base),
            "author": _person(here.owner, base),
            "sameAs": list(here.social_links.values()) or None,
        }
    )


def article(here: PublicSite, page: SitePage, address: str) -> Facts:
    """A page of a site: an Article."""
    return _tidy(
        {
            "@context": _CONTEXT,
            "@type": "Article",
            "headline": page.title,
            "url": address,
            "description": page.meta_description or page.excerpt or None,
            "inLanguage": page.language,
            "datePublished": _when(page.published_at),
            "dateModified": _when(page.updated_at),
            "author": {"@type": "Person", "name": here.owner.display_name},
            "isPartOf": {"@type": "WebSite", "name": here.title},
        }
    )


def post(one: PostView, base: str) -> Facts:
    """A post: an Article."""
    return _tidy(
        {
            "@context": _CONTEXT,
            "@type": "Article",
            "headline": one.title,
            "url": f"{base}/p/{one.slug}",
            "description": one.excerpt or None,
            "inLanguage": one.language,
            "image": _picture(one.cover, base),
            "wordCount": one.word_count,
            "articleSection": one.category,
            "datePublished": _when(one.published_at),
            "dateModified": _when(one.updated_at),
            "author": _person(one.author, base),
            "isAccessibleForFree": one.access == "free",
        }
    )


def series(one: SeriesView, base: str, address: str) -> Facts:
    """A series: a Book where it is a novel, else a ComicSeries."""
    return _tidy(
        {
            "@context": _CONTEXT,
            "@type": "ComicSeries" if one.content_type.is_comic else "Book",
            "name": one.title,
            "url": address,
            "description": one.meta_description or one.excerpt or None,
            "inLanguage": one.language,
            "image": _picture(one.cover, base),
            "author": _person(one.author, base),
            "genre": [genre.name for genre in one.genres] or None,
            "keywords": ", ".join(tag.name for tag in one.tags) or None,
            "datePublished": _when(one.published_at),
            "dateModified": _when(one.last_published_at),
            "isFamilyFriendly": one.rating in ("general", "teen"),
        }
    )


def chapter(one: ReadView, base: str, address: str, series_address: str) -> Facts:
    """A chapter: a ComicIssue where it is made of pictures, else a Chapter of a Book. Says what is behind a wall."""
    is_comic = one.content_type.is_comic
    return _tidy(
        {
            "@context": _CONTEXT,
            "@type": "ComicIssue" if is_comic else ["Article", "Chapter"],
            "headline": one.title or f"Chapter {one.number.normalize():f}",
            "name": one.title or None,
            "issueNumber" if is_comic else "position": f"{one.number.normalize():f}",
            "url": address,
            "description": one.meta_description or one.excerpt or None,
            "inLanguage": one.language,
            "wordCount": None if is_comic else one.word_count,
            "datePublished": _when(one.published_at),
            "dateModified": _when(one.updated_at),
            "author": _person(one.author, base),
            "isAccessibleForFree": one.access == "free",
            "isPartOf": {
                "@type": "ComicSeries" if is_comic else "Book",
                "name": one.series_title,
                "url": series_address,
            },
        }
    )


def _person(one: PersonView, base: str) -> Facts:
    return {"@type": "Person", "name": one.display_name, "url": f"{base}/@{one.username}"}


def _picture(cover: Cover | None, base: str) -> str | None:
    return f"{base}{cover.url}" if cover else None


def _when(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def _tidy(given: Facts) -> Facts:
    return {name: value for name, value in given.items() if value is not None}
