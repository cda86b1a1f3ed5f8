"""Can the official libraries be pointed at the twin? One list of steps, taken by both."""
