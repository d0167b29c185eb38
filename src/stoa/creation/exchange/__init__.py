"""Exchange: chapters that come in from files, and go out as files.

Tables: imports, exports.
"""
