"""People as columns of another row."""

from typing import Final

AVATAR_URL: Final = "'/media/' || p.avatar_media_id || '/320.webp'"
# For joining a person into another row: `{PERSON_COLUMNS}` of `users u join profiles p on p.user_id = u.id`, as the
# nested Struct field `author`; `person_columns` for another name.
PERSON_COLUMNS: Final = f"""
    u.id as "author.id", u.username as "author.username", p.display_name as "author.display_name",
    {AVATAR_URL} as "author.avatar_url", u.is_verified as "author.is_verified"
"""
# Banned and deleted people are not. Who is suspended for a while is, and gets nothing meanwhile (F5).
SHOWN: Final = "u.status in ('active', 'pending_verification', 'suspended')"

# By a name in any case, or by one they had before (I1).
NAMED: Final = "u.id = (select n.user_id from usernames n where n.name = lower($1))"


def person_columns(field: str) -> str:
    """PERSON_COLUMNS as the nested Struct field of this name."""
    return PERSON_COLUMNS.replace('"author.', f'"{field}.')
