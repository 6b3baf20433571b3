"""Kinesis: moto ignores the tags in `CreateStream`."""

from typing import Any

from moto.core.responses import ActionResult
from moto.kinesis.responses import KinesisResponse

from emulator.patching import replaces

create_stream = KinesisResponse.create_stream


@replaces(KinesisResponse, "create_stream")
def create(self: Any) -> ActionResult:
    result = create_stream(self)
    if tags := self._get_param("Tags"):
        self.kinesis_backend.add_tags_to_stream(None, self._get_param("StreamName"), tags)
    return result
