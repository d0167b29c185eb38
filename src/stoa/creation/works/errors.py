"""What can go wrong with a work."""

from stoa.kit.errors import Conflict, Invalid


class EditConflict(Conflict):
    """409: somebody changed the work since the revision this change was made on; `revision` is the one there is now."""

    code = "edit_conflict"
    title = "This was changed in another window. Reload it to see the newer text before you save yours"

    def __init__(self, revision: int) -> None:
        super().__init__(revision=revision)


class WrongState(Conflict):
    """409: the work's state does not allow this; `state` is where it stands."""

    code = "wrong_state"
    title = "This cannot be done now"

    def __init__(self, detail: str, state: str) -> None:
        super().__init__(detail, state=state)


class TextRefused(Invalid):
    """422 (P5): the text cannot be published; `reasons` says why, sentence by sentence. The draft stays as it is."""

    code = "text_refused"
    title = "This text cannot be published"

    def __init__(self, score: int, reasons: list[str]) -> None:
        super().__init__("This text cannot be published: " + "; ".join(reasons), score=score, reasons=reasons)
