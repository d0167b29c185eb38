"""What can go wrong in a dispute."""

from stoa.kit.errors import Conflict, Invalid


class DisputeClosed(Conflict):
    """409: the dispute is decided. `state` is how."""

    code = "dispute_closed"
    title = "This dispute is decided"


class EvidenceHandedIn(Conflict):
    """409: a gateway takes evidence once."""

    code = "evidence_handed_in"
    title = "Evidence was handed in already"


class EvidenceTooLate(Conflict):
    """409: the day until which the bank takes evidence is over."""

    code = "evidence_too_late"
    title = "It is too late to hand in evidence"


class BadEvidence(Invalid):
    """422: the words or the files cannot be handed in. `fields` says why."""

    code = "bad_evidence"
    title = "This cannot be handed in yet"
