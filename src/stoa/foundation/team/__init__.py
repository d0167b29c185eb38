"""Sites and the people who work on them: who may do what with what somebody else makes.

Tables: sites, site_slugs, collaborators. Events: CollaboratorInvited, CollaboratorJoined, CollaboratorChanged,
CollaboratorEnded, InvitationDeclined, InvitationExpired. Hears of RoleGranted and Blocked: everybody who makes
something has a site, and nobody works for somebody they blocked.
"""
