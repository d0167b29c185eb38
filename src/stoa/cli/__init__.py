"""The operator's commands: what `./stoa` hands over to once Stoa is installed.

`__main__` knows the commands and imports what one of them needs only when it is called, so that each starts quickly.
"""
