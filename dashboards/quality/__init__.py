"""The page about quality alone: what several metrics say of the methods, and what they rest on."""
