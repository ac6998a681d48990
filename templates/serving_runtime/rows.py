"""Rows of several requests as one input of the model, and its result as one of each request."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Rows:
    """What one request asks about."""

    data: Any
    """As the model takes it: a DataFrame, an array, or a dict of arrays."""
    count: int
    call: Callable[[Any], Any]
    """The model's function for such data."""
    size: int = 0
    """Bytes of the request."""

    @property
    def kind(self) -> Hashable | None:
        """What the rows of two requests must have in common to be asked about at once; None for what never is."""
        kind = _kind(self.data)
        return None if kind is None else (self.call, kind)


def _kind(data: Any) -> Hashable | None:
    if isinstance(data, np.ndarray):
        return (data.dtype.str, data.shape[1:]) if data.ndim > 0 and data.dtype.kind in "biufM" else None
    if isinstance(data, pd.DataFrame):
        return (tuple(data.columns), tuple(data.dtypes)) if data.columns.is_unique else None
    if isinstance(data, dict):
        kinds = [(name, _kind(value)) for name, value in data.items() if isinstance(value, np.ndarray)]
        return tuple(kinds) if len(kinds) == len(data) > 0 and all(kind for _, kind in kinds) else None
    return None


def joined(requests: Sequence[Rows]) -> Any:
    """The rows of requests of one kind, one after the other."""
    data = [rows.data for rows in requests]
    if isinstance(data[0], pd.DataFrame):
        return pd.concat(data, ignore_index=True)
    if isinstance(data[0], dict):
        return {name: np.concatenate([each[name] for each in data]) for name in data[0]}
    return np.concatenate(data)


def split(result: Any, counts: Sequence[int]) -> list[Any] | None:
    """The results of the single requests; None if there isn't one item for each row."""
    total = sum(counts)
    if isinstance(result, dict):
        if not result or not all(_has_rows(value, total) for value in result.values()):
            return None
        columns = {name: _slices(value, counts) for name, value in result.items()}
        return [{name: slices[number] for name, slices in columns.items()} for number in range(len(counts))]
    return _slices(result, counts) if isinstance(result, list) or _has_rows(result, total) else None


def shape_of_items(result: Any) -> Any:
    """What does not change with the number of rows, where the model answers row by row."""
    if isinstance(result, dict):
        return {name: shape_of_items(value) for name, value in result.items()}
    return getattr(result, "shape", (None,))[1:]


def _has_rows(value: Any, total: int) -> bool:
    return isinstance(value, (np.ndarray, pd.DataFrame, pd.Series)) and value.shape[:1] == (total,)


def _slices(value: Any, counts: Sequence[int]) -> list[Any] | None:
    if len(value) != sum(counts):
        return None
    rows = value.iloc if isinstance(value, (pd.DataFrame, pd.Series)) else value
    slices, start = [], 0
    for count in counts:
        slices.append(rows[start : start + count])
        start += count
    return slices
