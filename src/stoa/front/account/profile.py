"""`/dashboard/account/profile` and `/account/settings/profile`: how one is called, what one says, one's face."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile

from stoa.foundation.identity.errors import RenamedRecently, UsernameTaken
from stoa.foundation.identity.types import Username
from stoa.foundation.media.errors import ImageTooLarge
from stoa.foundation.media.policies import FORM_OVERHEAD_BYTES, check_announced, crop_of
from stoa.foundation.people import actions
from stoa.foundation.people.queries.account import account
from stoa.foundation.people.types import AccountChanges
from stoa.front import flash
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, LimitReached
from stoa.kit.http import CtxDep, Multipart, access
from stoa.kit.http.lending import lending_of

PATHS: Final = ["/dashboard/account/profile", "/account/settings/profile"]
FACE: Final = "/dashboard/account/profile/avatar"
NAME_FORM: Final = "Letters and digits, with single dots, dashes or underscores between them"


class ProfileForm(msgspec.Struct):
    """What the page sends."""

    display_name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    username: Username
    bio: Annotated[str, msgspec.Meta(max_length=1000)] = ""


@dataclass
class FaceForm:
    """A picture and, in its pixels, the square part of it that is the face; with a script the part is chosen."""

    file: UploadFile
    x: int | None = None
    y: int | None = None
    size: int | None = None


async def _announced(request: Request[Any, Any, Any]) -> None:
    most_bytes = lending_of(request.scope).app.settings.max_upload_bytes
    check_announced(request.headers.get("content-length"), most_bytes)


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    *,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    here = request.url.path if request.url.path in PATHS else PATHS[0]
    held = await account(ctx)
    fields = {"display_name": held.display_name, "username": held.username, "bio": held.bio, **(typed or {})}
    return await page(
        request,
        ctx,
        "account/profile.html",
        status=status,
        account=held,
        fields=fields,
        errors=errors or {},
        here=here,
        most_bytes=ctx.app.settings.max_upload_bytes,
    )


def _said(request: Request[Any, Any, Any], path: str, text: str) -> Response[Any]:
    response = see_other(path)
    flash.add(request, response, flash.Toast(text, "good"))
    return response


@get(PATHS, opt=access("member"))
async def profile_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The form, and the picture of one's face."""
    return await _show(request, ctx)


@post(PATHS, opt=access("member"))
async def save_profile(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Changes names and bio (I1)."""
    typed = {k: v for k, v in (await request.form()).items() if k in ProfileForm.__struct_fields__}
    try:
        given = forms.parse(ProfileForm, typed, strict=False)
        await actions.edit_account(
            ctx, AccountChanges(username=given.username, display_name=given.display_name, bio=given.bio)
        )
    except Invalid as error:
        expected = "This is not of the expected form"
        errors = {k: NAME_FORM if (k, v) == ("username", expected) else v for k, v in error.fields.items()}
        return await _show(request, ctx, errors=errors, typed=typed, status=422)
    except UsernameTaken as error:
        wrong = {"username": "This name is taken"}
        return await _show(request, ctx, errors=wrong, typed=typed, status=error.status)
    except RenamedRecently as error:
        wrong = {"username": error.detail}
        return await _show(request, ctx, errors=wrong, typed=typed, status=error.status)
    return _said(request, request.url.path, "Your profile is saved.")


@post(
    FACE,
    dto=None,  # a file is no field of a form
    before_request=_announced,
    request_max_body_size=MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES,
    opt=access("member", limit="upload"),
)
async def set_avatar(request: Request[Any, Any, Any], ctx: CtxDep, data: Multipart[FaceForm]) -> Response[Any]:
    """Makes a part of a picture one's face."""
    most_bytes = ctx.app.settings.max_upload_bytes
    content = await data.file.read(most_bytes + 1)
    try:
        if len(content) > most_bytes:
            raise ImageTooLarge(most_bytes)
        await actions.set_avatar(ctx, data=content, crop=crop_of(data.x, data.y, data.size))
    except Invalid as error:
        wrong = {"file": next(iter(error.fields.values()))}
        return await _show(request, ctx, errors=wrong, status=error.status)
    except (ImageTooLarge, LimitReached) as error:
        return await _show(request, ctx, errors={"file": error.detail}, status=error.status)
    return _said(request, PATHS[0], "This is how people see you now.")


@post(FACE + "/remove", opt=access("member"))
async def remove_avatar(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The letters of one's name stand in its place again."""
    await actions.remove_avatar(ctx)
    return _said(request, PATHS[0], "Your picture is gone.")


routes = [profile_page, save_profile, set_avatar, remove_avatar]
