"""Facts about accounts that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "an account asks for just the second factors that it has (I4)": """
        select u.id::text as subject, array_to_string(f.there, ', ') as expected,
          array_to_string(u.second_factors, ', ') as found
        from users u
        cross join lateral (
          select array_remove(array[
            case when exists (select from totp_factors t where t.user_id = u.id and t.confirmed_at is not null)
              then 'totp' end,
            case when exists (select from passkeys p where p.user_id = u.id) then 'passkey' end
          ], null) as there
        ) f
        where u.second_factors <> f.there""",
    "there are backup codes where there is a second factor, and nowhere else (I4)": """
        select u.id::text as subject, case when u.second_factors = '{}' then 'none' else 'some' end as expected,
          case when c.some then 'some' else 'none' end as found
        from users u
        cross join lateral (select exists (select from backup_codes b where b.user_id = u.id) as some) c
        where c.some <> (u.second_factors <> '{}')""",
}
