"""The customer portal: its configurations and sessions, and the pages on which customers help themselves."""
