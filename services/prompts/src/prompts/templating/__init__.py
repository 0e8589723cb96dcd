"""Liquid, fenced in: what templates may use, what they are analysed for, and the processes that run them."""
