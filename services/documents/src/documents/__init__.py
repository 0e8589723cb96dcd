"""Documents: their text, where it came from, and the generations that were ordered for them.

Owns no prompt and no generation: both are known here by id only. A text enters when the gateway tells that a
generation ended, is proven by its hash, and is changed afterwards only against the revision that the writer saw.
"""
