"""Who may come in, as whom, and how they stay safe.

Tables: users, sessions, login_failures, login_challenges, totp_factors, backup_codes, passkeys,
used_passkey_challenges, usernames. Events: UserRegistered, SessionEnded.
"""
