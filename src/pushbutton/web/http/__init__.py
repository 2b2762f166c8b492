"""What every request goes through: connections, limits, names, who asks, bodies, errors."""
