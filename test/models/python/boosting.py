"""XGBoost, LightGBM and CatBoost, with missing values and categories."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import lightgbm
import mlflow
import numpy as np
import pandas as pd
import xgboost
from catboost import CatBoostClassifier
from mlflow.models import infer_signature
from sklearn.datasets import load_diabetes

from case import Ask, Case, pins

_COLUMNS = ["age", "bmi", "bp", "s5"]


def boosted_trees() -> Iterator[Case]:
    yield _xgboost()
    yield _xgboost_of_scikit_learn()
    yield _lightgbm()
    yield _catboost()


def _patients() -> tuple[pd.DataFrame, np.ndarray]:
    """Without some of their ages and blood pressures, so that the signature has optional columns."""
    data = load_diabetes(as_frame=True).data[_COLUMNS].copy()
    data.loc[::7, "age"] = np.nan
    data.loc[::11, "bp"] = np.nan
    return data, load_diabetes().target


def _asks(data: pd.DataFrame) -> list[Ask]:
    head = data.iloc[[0, 1, 7, 11, 12]]
    rows = [{key: None if pd.isna(value) else value for key, value in row.items()} for row in head.to_dict("records")]
    without_age = [{key: value for key, value in row.items() if value is not None} for row in rows]
    return [Ask(rows, head), Ask([list(row.values()) for row in rows], head), Ask(without_age, head)]


def _xgboost() -> Case:
    data, target = _patients()
    model = xgboost.train({"max_depth": 3, "seed": 1}, xgboost.DMatrix(data, target), num_boost_round=20)
    log = partial(
        mlflow.xgboost.log_model,
        model,
        signature=infer_signature(data, model.predict(xgboost.DMatrix(data))),
        # MLflow would ask for xgboost, which is the same with CUDA.
        pip_requirements=pins("xgboost-cpu", "scikit-learn"),
    )
    return Case("xgboost", log, _asks(data))


def _xgboost_of_scikit_learn() -> Case:
    data, target = _patients()
    model = xgboost.XGBClassifier(n_estimators=10, max_depth=2, random_state=1).fit(data, target > np.median(target))
    log = partial(
        mlflow.xgboost.log_model,
        model,
        signature=infer_signature(data, model.predict(data)),
        pip_requirements=pins("xgboost-cpu", "scikit-learn"),
    )
    return Case("xgboost-classifier", log, _asks(data))


def _lightgbm() -> Case:
    data, target = _patients()
    model = lightgbm.LGBMRegressor(n_estimators=20, random_state=1, verbose=-1).fit(data, target)
    log = partial(mlflow.lightgbm.log_model, model, signature=infer_signature(data, model.predict(data)))
    return Case("lightgbm", log, _asks(data))


def _catboost() -> Case:
    """With a category in words."""
    data, target = _patients()
    data["ward"] = np.where(np.arange(len(data)) % 3 == 0, "north", "süd")
    model = CatBoostClassifier(iterations=10, depth=3, cat_features=["ward"], verbose=0, random_seed=1)
    model.fit(data, np.where(target > np.median(target), "high", "low"), cat_features=["ward"])
    log = partial(
        mlflow.catboost.log_model,
        model,
        signature=infer_signature(data, model.predict(data)),
        pip_requirements=pins("catboost"),
    )
    return Case("catboost", log, _asks(data))
