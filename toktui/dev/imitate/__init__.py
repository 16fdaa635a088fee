"""Lines as the agents write them, with drawn numbers and invented texts: what the demo and the
bench's corpus are made of."""
