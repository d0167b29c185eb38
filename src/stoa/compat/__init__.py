"""The documents' own wordings, where they differ from `/api/v1`, over the same queries and actions."""
