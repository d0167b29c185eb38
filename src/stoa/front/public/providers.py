"""What pages with buttons of other providers show (I7): which there are, and what went wrong with one just now."""

from typing import Any, Final

from litestar import Request

from stoa.foundation.identity.errors import (
    AccountExists,
    AlreadyConnected,
    ConnectedElsewhere,
    FlowOver,
    LastWayIn,
    ProofRefused,
    ProviderDenied,
    ProviderUnavailable,
    WasDisconnected,
)
from stoa.foundation.identity.queries import providers
from stoa.foundation.identity.types import Provider
from stoa.kit.ctx import Ctx

# What may be told beside a form; the address names one of these, and nothing else is shown from it.
PROBLEMS: Final = {
    FlowOver.code: "That took more than ten minutes, was done already, or began in another browser. Please begin anew.",
    ProviderDenied.code: "{provider} was not allowed to tell us who you are, so nothing has changed.",
    ProviderUnavailable.code: "{provider} does not answer properly right now. Please try again in a moment.",
    ProofRefused.code: "What {provider} sent could not be verified, so nothing was done. Please start again.",
    AccountExists.code: "There is an account with the e-mail of your {provider} account already, and we cannot be "
    "certain that both are yours. Log in with its password, or have a new one set by mail; then connect {provider} "
    "under Account, Connected accounts.",
    WasDisconnected.code: "This {provider} account was disconnected once. Log in another way, and connect it again "
    "under Account, Connected accounts.",
    ConnectedElsewhere.code: "This {provider} account is connected to another account here.",
    AlreadyConnected.code: "Another {provider} account is connected already. Disconnect it first.",
    LastWayIn.code: "{provider} is your only way in. Set a password first, or add a passkey.",
}


def offered(request: Request[Any, Any, Any], ctx: Ctx) -> dict[str, Any]:
    """`providers` and `problem`, the sentence or None."""
    code, name = request.query_params.get("problem", ""), request.query_params.get("with", "")
    label = next((provider.label for provider in Provider if provider == name), "That account")
    problem = PROBLEMS[code].format(provider=label) if code in PROBLEMS else None
    return {"providers": providers(ctx), "problem": problem}
