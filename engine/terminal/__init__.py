"""What a person sees of a running or a resting Wallstreet in a terminal."""
