"""Glue: moto keeps the tags of a removed database, so the tagging API still lists it."""

from typing import Any

from moto.glue.models import GlueBackend

from emulator.patching import replaces

delete_database = GlueBackend.delete_database


@replaces(GlueBackend, "delete_database")
def delete_with_tags(self: Any, database_name: str) -> None:
    delete_database(self, database_name)
    self.tagger.delete_all_tags_for_resource(
        f"arn:aws:glue:{self.region_name}:{self.account_id}:database/{database_name}"
    )
