"""The languages that forms offer, by their ISO 639 codes and their own names."""

from typing import Final

LANGUAGES: Final[tuple[tuple[str, str], ...]] = (
    ("af", "Afrikaans"),
    ("ar", "العربية"),
    ("az", "Azərbaycanca"),
    ("id", "Bahasa Indonesia"),
    ("ms", "Bahasa Melayu"),
    ("ca", "Català"),
    ("cs", "Čeština"),
    ("cy", "Cymraeg"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("et", "Eesti"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("es", "Español"),
    ("eo", "Esperanto"),
    ("eu", "Euskara"),
    ("fil", "Filipino"),
    ("fr", "Français"),
    ("ga", "Gaeilge"),
    ("gl", "Galego"),
    ("hr", "Hrvatski"),
    ("it", "Italiano"),
    ("sw", "Kiswahili"),
    ("la", "Latina"),
    ("lv", "Latviešu"),
    ("lt", "Lietuvių"),
    ("hu", "Magyar"),
    ("nl", "Nederlands"),
    ("nb", "Norsk bokmål"),
    ("uz", "Oʻzbekcha"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("pt-BR", "Português do Brasil"),
    ("ro", "Română"),
    ("sq", "Shqip"),
    ("sk", "Slovenčina"),
    ("sl", "Slovenščina"),
    ("fi", "Suomi"),
    ("sv", "Svenska"),
    ("vi", "Tiếng Việt"),
    ("tr", "Türkçe"),
    ("is", "Íslenska"),
    ("bg", "Български"),
    ("kk", "Қазақша"),
    ("mk", "Македонски"),
    ("ru", "Русский"),
    ("sr", "Српски"),
    ("uk", "Українська"),
    ("he", "עברית"),
    ("fa", "فارسی"),
    ("ur", "اردو"),
    ("hi", "हिन्दी"),
    ("mr", "मराठी"),
    ("bn", "বাংলা"),
    ("pa", "ਪੰਜਾਬੀ"),
    ("gu", "ગુજરાતી"),
    ("ta", "தமிழ்"),
    ("te", "తెలుగు"),
    ("kn", "ಕನ್ನಡ"),
    ("ml", "മലയാളം"),
    ("si", "සිංහල"),
    ("th", "ไทย"),
    ("ka", "ქართული"),
    ("hy", "Հայերեն"),
    ("ko", "한국어"),
    ("ja", "日本語"),
    ("zh", "中文"),
    ("zh-Hant", "繁體中文"),
)


def language_choices(chosen: str = "") -> list[tuple[str, str]]:
    """(code, name) for a select; `chosen` is among them whatever it is."""
    known = list(LANGUAGES)
    return known if not chosen or any(code == chosen for code, _ in known) else [*known, (chosen, chosen)]


def language_name(code: str) -> str:
    """'Deutsch' of de; the code itself where it has no name here."""
    return dict(LANGUAGES).get(code, code)
