"""Templates and their categories: kept by the service on a v1 connection, otherwise here alone."""
