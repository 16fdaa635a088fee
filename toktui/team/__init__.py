"""The client of a team board: what is sent, by whom, and that nothing else is."""
