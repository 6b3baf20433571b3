"""What the emulator is told by whoever starts it: environment variables that begin with `EMULATOR_`."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """All settings. Each field `name` is the variable `EMULATOR_NAME`."""

    master_password: str
    """The password of the database's master login, which RDS would make by itself."""
    database_host: str
    """Where the PostgreSQL listens that plays the database instance. Its port is the instance's own."""
    cache_host: str
    """Where the Redis listens that plays the replication group. Its port is the group's own."""
    invoke_url: str
    """What runs a function: it gets a function's configuration and a payload, and answers as `Invoke` does."""
    calls: Path
    """The file to which a line is written for each signed call."""

    @staticmethod
    def from_environment() -> "Settings":
        def text(name: str) -> str:
            value = os.environ.get(f"EMULATOR_{name}")
            if not value:
                sys.exit(f"EMULATOR_{name} is not set")
            return value

        return Settings(
            master_password=text("MASTER_PASSWORD"),
            database_host=text("DATABASE_HOST"),
            cache_host=text("CACHE_HOST"),
            invoke_url=text("INVOKE_URL"),
            calls=Path(text("CALLS")),
        )


SETTINGS = Settings.from_environment()
