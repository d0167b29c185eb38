"""Who and what exists: identity, people, media, settings, audit. Imports only the kit."""
