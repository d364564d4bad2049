"""The same suite across machines."""
