"""What is broken on purpose? Faults as data: whom they hit, and what goes wrong."""
