"""Synctale's registration and log-in; their paths are also Stoory's, see `compat.joint`."""

from stoa.compat.synctale.bodies import FullUser, LoginIn, LoginOut, NewUser, RegisterIn, RegisterOut, coins
from stoa.compat.token import seven_day_token
from stoa.creation.works.queries import published_count
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.queries import user_by_id
from stoa.foundation.people.queries import profile
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.money.wallet import queries as wallet_queries


async def register(ctx: Ctx, data: RegisterIn) -> RegisterOut:
    """A new account with its welcome coins (M5) and a 7-day token (I3)."""
    user = await identity.register(ctx, username=data.username, email=data.email, password=data.password)
    held = await wallet_queries.wallet(ctx, user.id)
    made = NewUser(
        id=user.id,
        username=user.username,
        email=user.email,
        balance=coins(held.total_minor),
        is_verified=user.is_verified,
        created_at=user.created_at,
    )
    token = await seven_day_token(ctx, user.id, by="registration")
    return RegisterOut(message="User created successfully", user=made, token=token)


async def login(ctx: Ctx, data: LoginIn) -> LoginOut:
    """A 7-day token for these credentials."""
    row = await identity.check_login(ctx, email=data.email, password=data.password)
    await identity.enter(ctx, row.id, by="password")
    user = await user_by_id(ctx, row.id)
    person = await profile(ctx, row.username)
    if user is None or person is None:
        raise NotFound
    held = await wallet_queries.wallet(ctx, row.id)
    full = FullUser(
        id=row.id,
        username=row.username,
        email=user.email,
        profile_picture=person.avatar_url,
        bio=person.bio or None,
        balance=coins(held.total_minor),
        total_earned=coins(held.earned_minor),
        followers_count=person.followers_count,
        following_count=person.following_count,
        posts_count=await published_count(ctx, row.id),
        is_verified=person.is_verified,
    )
    token = await seven_day_token(ctx, row.id, by="password")
    return LoginOut(message="Login successful", user=full, token=token)
