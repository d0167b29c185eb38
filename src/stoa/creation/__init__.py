"""What creators make: works, posts, and later sites, serials, a market, memberships. Imports money, foundation, kit."""
