"""Stoory's authentication as documented: snake_case, `success`, and one token of seven days with the claims id, phone,
role, iat and exp.

Roles are its own words: influencer, brand_owner, admin. Deviations, from `rules.md`: an account needs an e-mail and a
password of 10 characters (I1, I2), nobody registers as admin, and a phone is the account's only once it is confirmed by
the code that is sent to it (`/api/v1/auth/phone/confirm`); until then it opens nothing and stands in no token.
A refreshed token is a fresh session, and the old one ends with its token (I3): sessions have one token each.

Its payments: an order at Razorpay, paid in its checkout on the page of the client, and verified by the signature that
the checkout answers. Where Razorpay is off the sandbox does the same. What can be bought is credit, in rupees unless
said otherwise, and packages of coins.
"""
