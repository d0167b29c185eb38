"""Contesting a dispute at Razorpay: documents are uploaded one by one, then handed in together with a summary."""

from typing import Final

import httpx

from stoa.money.payments.errors import EvidenceRefused
from stoa.money.payments.gateways import DisputeNews, Evidence, EvidenceFile
from stoa.money.payments.gateways.asking import Refused
from stoa.money.payments.gateways.razorpay.talking import RazorpayKeys, ask_razorpay, struct, why
from stoa.money.payments.gateways.razorpay.wire import DisputeEntity, DocumentEntity, dispute_of

MAX_SUMMARY: Final = 1000
DOCUMENT_TYPES: Final = frozenset({"image/jpeg", "image/jpg", "image/png", "application/pdf"})


async def contest(http: httpx.AsyncClient, keys: RazorpayKeys, dispute_id: str, evidence: Evidence) -> DisputeNews:
    """Hands evidence in; what was handed in already is answered with how it stands.

    Raises EvidenceRefused for evidence that Razorpay does not take, and for a dispute that is decided or unknown.
    """
    wrong = _wrong_in(evidence)
    if wrong is not None:
        raise EvidenceRefused(wrong)
    try:
        known = struct(await ask_razorpay(http, keys, "GET", f"disputes/{dispute_id}"), DisputeEntity)
        if known.status == "under_review":
            return dispute_of(known)
        if known.status != "open":
            raise EvidenceRefused(f"Razorpay says that this dispute is {known.status}")
        documents = [await _upload(http, keys, file) for file in evidence.files]
        handed_in = {
            "summary": evidence.text,
            "others": [{"type": "evidence", "document_ids": documents}],
            "action": "submit",
        }
        told = await ask_razorpay(http, keys, "PATCH", f"disputes/{dispute_id}/contest", json=handed_in)
    except Refused as refused:
        raise EvidenceRefused(why(refused)) from refused
    return dispute_of(struct(told, DisputeEntity))


async def _upload(http: httpx.AsyncClient, keys: RazorpayKeys, file: EvidenceFile) -> str:
    upload = {"file": (file.name, file.body, file.content_type)}
    purpose = {"purpose": "dispute_evidence"}
    return struct(await ask_razorpay(http, keys, "POST", "documents", data=purpose, files=upload), DocumentEntity).id


def _wrong_in(evidence: Evidence) -> str | None:
    if len(evidence.text) > MAX_SUMMARY:
        return f"Razorpay takes at most {MAX_SUMMARY:,} characters of text"
    if not evidence.files:
        return "Razorpay wants at least one document with the text"
    if any(file.content_type not in DOCUMENT_TYPES for file in evidence.files):
        return "Razorpay takes pictures (JPEG, PNG) and PDF documents only"
    return None
