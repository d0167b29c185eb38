"""The kinds of warnings a series or a chapter can have."""

from typing import Final

from stoa.creation.serials.types.series import WarningKind

_KINDS: Final = (
    WarningKind("violence", "Violence", "Fights and injuries that are shown", "mild"),
    WarningKind("graphic_violence", "Graphic violence", "Blood, wounds and cruelty in detail", "strong"),
    WarningKind("death", "Death of a main figure", "Somebody one has come to know dies", "mild"),
    WarningKind("suicide", "Suicide", "It is thought of, tried or done", "strong"),
    WarningKind("self_harm", "Self-harm", "Somebody hurts themselves", "strong"),
    WarningKind("eating_disorder", "Eating disorders", "Starving, purging, and how bodies are spoken of", "strong"),
    WarningKind("abuse", "Abuse", "Somebody is hurt by those they depend on", "strong"),
    WarningKind("child_abuse", "Harm to children", "Children are hurt or neglected", "strong"),
    WarningKind("sexual_content", "Sexual content", "Sex is shown or described", "strong"),
    WarningKind("sexual_violence", "Sexual violence", "It happens or is spoken of", "strong"),
    WarningKind("nudity", "Nudity", "Bare bodies without sex", "mild"),
    WarningKind("strong_language", "Strong language", "Swearing throughout", "mild"),
    WarningKind("slurs", "Slurs and hate", "Somebody is demeaned for what they are", "strong"),
    WarningKind("drugs", "Drugs and alcohol", "They are taken, or somebody depends on them", "mild"),
    WarningKind("animal_harm", "Harm to animals", "An animal suffers or dies", "mild"),
    WarningKind("body_horror", "Body horror", "Bodies change or break in disturbing ways", "strong"),
    WarningKind("horror", "Horror", "It means to frighten", "mild"),
    WarningKind("gore", "Gore", "Insides are seen", "strong"),
    WarningKind("war", "War", "Battles, flight and what they leave behind", "mild"),
    WarningKind("racism", "Racism", "It is shown as what it is", "mild"),
    WarningKind("medical", "Illness and hospitals", "Illness, operations, needles", "mild"),
    WarningKind("pregnancy_loss", "Loss of a pregnancy", "Miscarriage, abortion or stillbirth", "strong"),
    WarningKind("flashing", "Flashing pictures", "Quick changes of light that can bring on seizures", "strong"),
)
WARNINGS: Final = {kind.id: kind for kind in _KINDS}  # in the order in which they are offered
