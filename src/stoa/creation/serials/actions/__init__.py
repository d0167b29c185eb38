"""Making and changing series and chapters. All of it acts for `ctx.actor`, as far as their permissions reach."""
