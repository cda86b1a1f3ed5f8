"""One file for each subject that can be looked at."""
