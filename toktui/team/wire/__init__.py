"""What travels between a client and the team's server: the only code that both have."""
