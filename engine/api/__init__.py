"""The HTTP door, and the table of operations that NATS serves as well."""
