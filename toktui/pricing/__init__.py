"""What tokens cost: a dated rate book, and integer arithmetic on it."""
