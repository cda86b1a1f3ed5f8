"""What every object of the twin stands on: state, time, ids, parameters, errors, money."""
