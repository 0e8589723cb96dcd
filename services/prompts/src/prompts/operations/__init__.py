"""One function a use case. Each owns its transactions and writes its facts into the outbox of the same one."""
