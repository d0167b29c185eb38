"""Who may come in, as whom, and how they stay safe.

Tables: users, sessions, login_failures, login_challenges, verification_tokens, phone_codes, totp_factors, backup_codes,
passkeys, used_passkey_challenges, auth_accounts, oauth_flows, usernames, status_history. Events: UserRegistered,
SessionEnded, StatusChanged, RoleGranted, RoleRevoked.
"""
