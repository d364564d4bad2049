"""Draws reports from a results database. Reads results/*.sql and the database file; never C++."""
