"""Pages for everybody: home, a post, a person, search, log in, register."""
