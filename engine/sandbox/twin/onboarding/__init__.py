"""What does the person behind a connected account see? Onboarding in one page, and the Express dashboard."""
