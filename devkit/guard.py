"""Waits until no ./dev uses the embedded PostgreSQL any more (also because it was killed), then stops it."""

import fcntl

from devkit import postgres

if __name__ == "__main__":
    with postgres.USERS.open("w") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        postgres.stop()
