"""The emulator's settings: environment variables that begin with `EMULATOR_`."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Settings by name. Each field `name` is the variable `EMULATOR_NAME`."""

    master_password: str
    """The password of the database's master login, which RDS would generate."""
    database_host: str
    """The host of the PostgreSQL behind the database instance. Its port is the instance's."""
    cache_host: str
    """The host of the Redis behind the replication group. Its port is the group's."""
    invoke_url: str
    """The URL that runs functions: it takes a function's configuration and a payload, and responds as `Invoke` does."""
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
