"""The comparison page: two runs cell by cell, as `diffbench compare` judged them."""
