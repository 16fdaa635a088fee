"""The team board: what devices send is checked, priced again, kept, and shown to the team."""
