"""Who may come in, as whom, and how they stay safe.

Tables: users, sessions, login_failures. Events: UserRegistered, SessionEnded.
"""
