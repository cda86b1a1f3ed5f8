"""What is agreed with a subscription beside its items: settings, when it begins, until when it runs."""
