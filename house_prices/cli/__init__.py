"""The command `house-prices`: each module is one subcommand."""
