"""The twin's doors: the API, the hosted pages, webhooks, and the admin endpoints for tests."""
