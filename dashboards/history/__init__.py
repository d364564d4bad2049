"""The history page: a metric of a suite's cells over its runs, and the runs at which it stepped."""
