"""Who may see and change series and chapters. The `access_…` of its rooms are the only ways from an id to one."""
