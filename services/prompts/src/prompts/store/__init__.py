"""Every SQL statement of the service. The connection comes first, the project second; nothing commits here."""
