"""What passes through the twin: JSON, amounts, instants, ids and parameters."""
