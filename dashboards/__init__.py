"""Draws reports from a results database: the file alone, views included; never C++ and nothing else of the checkout."""
