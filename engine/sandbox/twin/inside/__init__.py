"""What did the twin do, and what comes next? Pages for whoever looks inside; they read and hardly touch."""
