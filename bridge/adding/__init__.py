"""Make manifest entries of installed plugins: find them, try them in a child process, write them."""
