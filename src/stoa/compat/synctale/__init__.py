"""Synctale's API as documented: camelCase bodies, its status codes, and `{"error": …}` with 400 for what is refused.

Amounts of coins are numbers of coins and amounts of money numbers of dollars, as the document has them; they are made
from minor units here and nowhere else. Deviations, from `rules.md`: passwords need 10 characters (I2), the creator's
share is split once, at the gift (M6), and a promotional coin is never paid out (M4).
"""
