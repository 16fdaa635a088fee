"""From bytes in logs to rows in the store: discover, tail, gather, settle."""
