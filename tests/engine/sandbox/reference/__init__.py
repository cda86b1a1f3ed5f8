"""Is each sentence of the reference true of the twin? One test a sentence, named by its section."""
