"""Who sells through the platform: connected accounts, what they must tell, and where their money goes."""
