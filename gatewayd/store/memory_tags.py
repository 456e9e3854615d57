"""Counts and pauses of tags in memory."""

from collections.abc import Mapping, Sequence

from gatewayd.ledger.tables import PausedTag, TagKey
from gatewayd.store.rows import Rows, Undo


class MemoryTags:
    """See `ledger.tables.Tables`."""

    def __init__(self, undo: Undo) -> None:
        self._tags: Rows[TagKey, int] = Rows(undo)
        self._paused: Rows[tuple[str, str], PausedTag] = Rows(undo)

    def count_tags(self, changes: Mapping[TagKey, int]) -> None:
        for key, n in changes.items():
            self._tags[key] = self._tags.get(key, 0) + n

    def tag_counts(self, client: str, tag: str) -> dict[str, int]:
        return {state: n for (whose, name, state), n in self._tags.items() if (whose, name) == (client, tag)}

    def reset_tag(self, client: str, tag: str, states: Sequence[str]) -> None:
        for state in states:
            if (client, tag, state) in self._tags:
                del self._tags[client, tag, state]

    def paused_tags(self) -> dict[tuple[str, str], PausedTag]:
        return dict(self._paused)

    def put_paused_tag(self, tag: PausedTag) -> None:
        self._paused[tag.client, tag.tag] = tag

    def delete_paused_tag(self, client: str, tag: str) -> None:
        if (client, tag) in self._paused:
            del self._paused[client, tag]
