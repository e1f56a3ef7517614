"""Make manifest entries of installed plugins: find, try in a child process, write."""
