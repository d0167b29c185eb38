"""DreamDot's accounts, follows, blocks and payments as documented: who is meant stands in the body, for DELETE, too.

The document names the routes and what happens, not the bodies; they are snake_case as its one parameter, `user_id`, and
our problem+json tells of errors. `balance` is its starting balance in dollars, which cannot be redeemed (M5).
"""
