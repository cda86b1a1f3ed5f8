"""What a buyer does with a session: tells, chooses, pays."""
