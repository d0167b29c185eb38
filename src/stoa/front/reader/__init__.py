"""Pages for those who read and give: the wallet, its statement, gifts, purchases."""
