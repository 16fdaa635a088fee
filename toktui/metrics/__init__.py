"""One module = one question: SQL in, frozen values out."""
