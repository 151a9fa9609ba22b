"""A transformer's encoder layer in integers: its operations, their numbers, and a program for unit `encoder`."""
