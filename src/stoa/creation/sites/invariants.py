"""Facts about sites that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "every site has settings": """
        select s.id::text as subject, 'settings' as expected, 'none' as found from sites s
        where not exists (select from site_settings t where t.site_id = s.id)""",
    "a site is open exactly when nothing closes it": """
        select s.id::text as subject, case when s.is_open then 'closed' else 'open' end as expected,
          case when s.is_open then 'open' else 'closed' end as found
        from sites s join site_settings t on t.site_id = s.id
        where s.is_open <> (s.deleted_at is null and t.suspended_at is null and t.is_public and not t.maintenance)""",
    "a page stands on a site, and has an address": """
        select w.id::text as subject, 'a site and an address' as expected, coalesce(w.slug, 'none') as found
        from works w where w.kind = 'page' and (w.site_id is null or w.slug is null)""",
    "a page is the work of its site's owner": """
        select w.id::text as subject, s.owner_id::text as expected, w.author_id::text as found
        from works w join sites s on s.id = w.site_id where w.kind = 'page' and w.author_id <> s.owner_id""",
}
