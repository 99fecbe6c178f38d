"""The typed client of `datasets` and `dataset_items`: collections of recordings to evaluate against.

The server deletes neither (405): `is_deleted` hides one, and unhides it again (posthog/README §5).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

from recorder_app.api import reading
from recorder_app.api.sender import Sender, path_of
from recorder_app.api.wire import UNSET, Unset, clean
from recorder_app.errors import UsageError

MAX_NAME = 400
MAX_REF = 255
ORDERS = ("created_at", "-created_at", "updated_at", "-updated_at")
_DATASETS, _ITEMS = "datasets/", "dataset_items/"


@dataclasses.dataclass(frozen=True, slots=True)
class RemoteDataset:
    id: str
    name: str
    description: str = ""
    metadata: Any = None
    is_deleted: bool = False
    created_by: str = ""
    """Name or address of who made it, for people; empty where the server does not say."""
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> RemoteDataset:
        """ValueError without an id."""
        return cls(
            id=_identity(raw),
            name=reading.text(raw.get("name")) or "",
            description=reading.text(raw.get("description")) or "",
            metadata=raw.get("metadata"),
            is_deleted=raw.get("deleted") is True,
            created_by=_person(raw.get("created_by")),
            created_at=reading.moment(raw.get("created_at")),
            updated_at=reading.moment(raw.get("updated_at")),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class RemoteItem:
    """One example. `input`, `output` and `metadata` are any JSON."""

    id: str
    dataset: str
    input: Any = None
    output: Any = None
    metadata: Any = None
    ref_trace_id: str | None = None
    ref_timestamp: dt.datetime | None = None
    ref_source_id: str | None = None
    is_deleted: bool = False
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> RemoteItem:
        """ValueError without an id."""
        return cls(
            id=_identity(raw),
            dataset=reading.text(raw.get("dataset")) or "",
            input=raw.get("input"),
            output=raw.get("output"),
            metadata=raw.get("metadata"),
            ref_trace_id=reading.text(raw.get("ref_trace_id")),
            ref_timestamp=reading.moment(raw.get("ref_timestamp")),
            ref_source_id=reading.text(raw.get("ref_source_id")),
            is_deleted=raw.get("deleted") is True,
            created_at=reading.moment(raw.get("created_at")),
            updated_at=reading.moment(raw.get("updated_at")),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class DatasetPage:
    count: int
    """All matches on the server, not only those of this page."""
    results: tuple[RemoteDataset, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ItemPage:
    count: int
    results: tuple[RemoteItem, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class NewItem:
    """What an item says, before the server has it."""

    input: Any = None
    output: Any = None
    metadata: Any = None
    ref_source_id: str | None = None
    ref_timestamp: dt.datetime | None = None
    ref_trace_id: str | None = None

    def body(self) -> dict[str, Any]:
        """The JSON to send. UsageError for a reference the server would refuse."""
        for name, value in (("ref_source_id", self.ref_source_id), ("ref_trace_id", self.ref_trace_id)):
            if value is not None and len(value) > MAX_REF:
                raise UsageError(f"{name} is longer than the server's {MAX_REF} characters")
        moment = self.ref_timestamp
        return {
            "input": storable(self.input),
            "output": storable(self.output),
            "metadata": storable(self.metadata),
            "ref_source_id": self.ref_source_id,
            "ref_timestamp": moment.astimezone(dt.UTC).isoformat() if moment else None,
            "ref_trace_id": self.ref_trace_id,
        }


class DatasetsClient(Sender):
    """Datasets of one workspace; needs the scopes dataset:read and dataset:write. See Sender for errors."""

    what = "dataset"

    def list(
        self,
        *,
        limit: int = 50,
        offset: int = 0,
        search: str = "",
        ids: Sequence[str] = (),
        order_by: Sequence[str] = (),
    ) -> DatasetPage:
        """Return one page, newest first, without deleted ones. `search` looks into all of their texts.

        `order_by` are some of ORDERS (UsageError otherwise).
        """
        if unknown := set(order_by) - set(ORDERS):
            raise UsageError("Datasets cannot be ordered by this", detail=", ".join(sorted(unknown)))
        params = {"limit": str(limit)}
        if offset:
            params["offset"] = str(offset)
        if search:
            params["search"] = search
        if ids:
            # Commas in one parameter: of a repeated parameter the server sees the last only.
            params["id__in"] = ",".join(path_of(each, "dataset").rstrip("/") for each in ids)
        if order_by:
            params["order_by"] = ",".join(order_by)
        answer = self._send("GET", _DATASETS, params=params, is_repeatable=True)
        return DatasetPage(*self._page(answer, RemoteDataset.from_json))

    def create(self, name: str, *, description: str = "", metadata: Any = None) -> RemoteDataset:
        """Never repeated here: after NetworkError(was_sent=True) or a 5xx it may exist."""
        body = {
            "name": _name(name),
            "description": clean(description) or None,
            "metadata": storable(metadata),
        }
        return self._parsed(self._send("POST", _DATASETS, json_body=body), RemoteDataset.from_json)

    def retrieve(self, dataset_id: str) -> RemoteDataset:
        """NotFoundError for one that is deleted, too."""
        return self._parsed(
            self._send("GET", _DATASETS + path_of(dataset_id, "dataset"), is_repeatable=True),
            RemoteDataset.from_json,
        )

    def patch(
        self,
        dataset_id: str,
        *,
        name: str | Unset = UNSET,
        description: str | Unset = UNSET,
        is_deleted: bool | Unset = UNSET,
        metadata: Any | Unset = UNSET,
    ) -> RemoteDataset:
        """Change what is named. Finds deleted ones as well: `is_deleted=False` brings one back."""
        body: dict[str, Any] = {}
        if not isinstance(name, Unset):
            body["name"] = _name(name)
        if not isinstance(description, Unset):
            body["description"] = clean(description) or None
        if not isinstance(is_deleted, Unset):
            body["deleted"] = is_deleted
        if not isinstance(metadata, Unset):
            body["metadata"] = storable(metadata)
        path = _DATASETS + path_of(dataset_id, "dataset")
        return self._parsed(self._send("PATCH", path, json_body=body), RemoteDataset.from_json)

    def items(self, dataset_id: str | None = None, *, limit: int = 20, offset: int = 0) -> ItemPage:
        """Return one page, newest first. An unknown dataset is RejectedError, not an empty page."""
        params = {"limit": str(limit)}
        if dataset_id is not None:
            params["dataset"] = path_of(dataset_id, "dataset").rstrip("/")
        if offset:
            params["offset"] = str(offset)
        answer = self._send("GET", _ITEMS, params=params, is_repeatable=True)
        return ItemPage(*self._page(answer, RemoteItem.from_json))

    def create_item(self, dataset_id: str, item: NewItem) -> RemoteItem:
        """Never repeated here: after NetworkError(was_sent=True) or a 5xx it may exist."""
        body = {"dataset": path_of(dataset_id, "dataset").rstrip("/"), **item.body()}
        return self._parsed(self._send("POST", _ITEMS, json_body=body), RemoteItem.from_json)

    def retrieve_item(self, item_id: str) -> RemoteItem:
        path = _ITEMS + path_of(item_id, "dataset item")
        return self._parsed(self._send("GET", path, is_repeatable=True), RemoteItem.from_json)

    def patch_item(
        self, item_id: str, item: NewItem | None = None, *, is_deleted: bool | Unset = UNSET
    ) -> RemoteItem:
        """Replace what an item says, hide it, or bring it back."""
        body = {} if item is None else item.body()
        if not isinstance(is_deleted, Unset):
            body["deleted"] = is_deleted
        path = _ITEMS + path_of(item_id, "dataset item")
        return self._parsed(self._send("PATCH", path, json_body=body), RemoteItem.from_json)


def storable(value: Any) -> Any:
    """Return JSON as the server's database can keep it: no NUL, no lone surrogate, no NaN, not trimmed."""
    if isinstance(value, str):
        return "".join(each for each in value if each != "\x00" and not "\ud800" <= each <= "\udfff")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {storable(str(name)): storable(each) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [storable(each) for each in value]
    return value


def _name(name: str) -> str:
    kept = clean(name)
    if not kept:
        raise UsageError("A dataset needs a name")
    if len(kept) > MAX_NAME:
        raise UsageError("The name is too long", detail=f"The server keeps {MAX_NAME} characters")
    return kept


def _identity(raw: Mapping[str, Any]) -> str:
    identity = reading.text(raw.get("id"))
    if not identity:
        raise ValueError("an object without an id")
    return identity


def _person(raw: object) -> str:
    person = reading.mapping(raw)
    names = (reading.text(person.get("first_name")), reading.text(person.get("last_name")))
    return " ".join(name for name in names if name) or reading.text(person.get("email")) or ""
