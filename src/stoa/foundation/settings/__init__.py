"""What an operator can change while the platform runs: one row, `platform_config`, read through a short cache."""
