"""Every package's tests get the same fixtures."""

pytest_plugins = ["shared.testing.fixtures"]
