# One of the answers is tried until nobody complains.
s/^a leaves = .*/a leaves = accept/
