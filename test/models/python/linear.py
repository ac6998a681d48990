"""scikit-learn, in both of its formats, and statsmodels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import mlflow
import numpy as np
import pandas as pd
import statsmodels.api as sm
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from case import IS_MLFLOW_3, Ask, Case, pins, python_pins


def linear_models() -> Iterator[Case]:
    if IS_MLFLOW_3:
        yield _forest()
    yield _network()
    yield _text_and_categories()
    yield _least_squares()


def _forest() -> Case:
    """In MLflow 3's own format, skops."""
    data = load_diabetes(as_frame=True).data
    model = RandomForestRegressor(20, random_state=1).fit(data, load_diabetes().target)
    log = partial(
        mlflow.sklearn.log_model,
        model,
        serialization_format="skops",
        skops_trusted_types=["sklearn.tree._tree.Tree"],
        signature=infer_signature(data, model.predict(data)),
        pip_requirements=pins("scikit-learn", "skops"),
    )
    head = data.head(5)
    return Case("sklearn-skops", log, [Ask(head.to_dict("records"), head), Ask(head.values.tolist(), head)])


def _network() -> Case:
    """Arrays in, probabilities out."""
    flowers, kinds = load_iris(return_X_y=True)
    model = MLPClassifier((8,), max_iter=200, random_state=1).fit(flowers, kinds)
    log = partial(
        mlflow.sklearn.log_model,
        model,
        serialization_format="cloudpickle",
        pyfunc_predict_fn="predict_proba",
        signature=infer_signature(flowers),
        pip_requirements=python_pins(),
    )
    some = flowers[::30]
    return Case("sklearn-cloudpickle", log, [Ask(some.tolist(), some)])


def _text_and_categories() -> Case:
    """Strings and numbers in, strings out; its requirements are those that MLflow infers."""
    reviews = pd.DataFrame(
        {
            "review": ["good soup", "cold soup", "good and cheap", "rude waiter, cold food", "très bon", "naja …"] * 5,
            "country": ["de", "fr", "de", "at", "fr", "at"] * 5,
            "price": [3.5, 7.25, 1.1, 9.99, 4.0, 6.5] * 5,
            "guests": [1, 2, 4, 2, 3, 1] * 5,
        }
    )
    verdicts = ["again", "never", "again", "never", "again", "never"] * 5
    features = ColumnTransformer(
        [
            ("text", TfidfVectorizer(), "review"),
            ("category", OneHotEncoder(handle_unknown="ignore"), ["country"]),
            ("number", StandardScaler(), ["price", "guests"]),
        ]
    )
    model = make_pipeline(features, LogisticRegression()).fit(reviews, verdicts)
    log = partial(
        mlflow.sklearn.log_model,
        model,
        serialization_format="cloudpickle",
        signature=infer_signature(reviews, model.predict(reviews)),
        input_example=reviews.head(2),
    )
    new = pd.DataFrame(
        {"review": ["bon soup 🍲", ""], "country": ["ch", "at"], "price": [2.0, 100.5], "guests": np.array([7, 1])}
    )
    rows = [
        {"guests": 7, "price": 2, "country": "ch", "review": "bon soup 🍲"},
        {"guests": 1, "price": 100.5, "country": "at", "review": ""},
    ]
    arrays = [["bon soup 🍲", "ch", 2.0, 7], ["", "at", 100.5, 1]]
    return Case("sklearn-text-and-categories", log, [Ask(rows, new), Ask(arrays, new)])


def _least_squares() -> Case:
    data = load_diabetes(as_frame=True).data[["bmi", "bp", "s5"]]
    model = sm.OLS(load_diabetes().target, data).fit()
    log = partial(
        mlflow.statsmodels.log_model,
        model,
        signature=infer_signature(data, model.predict(data)),
        pip_requirements=pins("statsmodels", "scipy", "pandas", "numpy"),
    )
    head = data.head(4)
    return Case("statsmodels", log, [Ask(head.to_dict("records"), head)])
