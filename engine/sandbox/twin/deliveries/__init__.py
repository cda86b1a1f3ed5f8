"""How do events reach webhook endpoints? Chosen, signed, posted, tried again, and told about."""
