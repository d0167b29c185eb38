"""What can go wrong with sites."""

from stoa.kit.errors import Conflict, NotFound


class TooManySites(Conflict):
    """409: so many sites are all that one person has, those in the trash included."""

    code = "too_many_sites"

    def __init__(self, most: int) -> None:
        super().__init__(f"You have {most} sites, those in the trash included. Delete one first", most=most)


class TooManyPages(Conflict):
    """409: a site has at most so many pages."""

    code = "too_many_pages"

    def __init__(self, most: int) -> None:
        super().__init__(f"A site has at most {most} pages", most=most)


class DefaultSite(Conflict):
    """409: where somebody's posts stand is not deleted; it can be made private."""

    code = "default_site"
    title = "This is where your posts stand, so it cannot be deleted. You can make it private instead"


class NoDomain(NotFound):
    """404: the site has no domain of its own."""

    code = "no_domain"
    title = "This site has no domain of its own"


class DomainTaken(Conflict):
    """409: another site has proved that the domain is its own."""

    code = "domain_taken"
    title = "Another site has proved that this domain is its own. It has to give it up before yours can have it"
