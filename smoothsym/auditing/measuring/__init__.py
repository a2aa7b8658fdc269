"""What a target gets on rows: calls, certified references, errors, and what many of them amount to."""
