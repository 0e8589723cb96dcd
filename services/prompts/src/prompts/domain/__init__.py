"""Rules of prompts: pure functions and types, no I/O."""
