"""web owns people: users, sessions, projects, members, API keys. For everything else it is the browser's way in.

It aggregates the other services for the browser, carries live text to it, and serves the web app.
"""
