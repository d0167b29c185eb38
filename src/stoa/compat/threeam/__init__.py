"""3AM's users and payments as documented: snake_case bodies, people by name or id.

The document shows requests only; answers hold `user`, with the fields that its requests have, and our problem+json
tells of errors. Deviations, from `rules.md`: passwords need 10 characters (I2), and a role is reader, creator or brand.
"""
