"""The layers that every request goes through: connections, limits, host names, sign-in, bodies, errors."""
