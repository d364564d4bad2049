"""The profile page: where the time of a profiled cell went, and what ate the saving."""
