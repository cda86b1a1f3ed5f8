"""How does money move between the platform, its connected accounts and their banks?"""
