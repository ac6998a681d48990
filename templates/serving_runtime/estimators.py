"""scikit-learn's estimators that answer the same on an array as on a DataFrame with its columns.

Of a DataFrame they use the values and the names. The names they only compare with those that they were fitted with, which
a signature settles once for all requests.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

# These take X by scikit-learn's `validate_data` and nothing else, whatever their parameters.
_PLAIN = {
    "sklearn.cluster": {"KMeans", "MiniBatchKMeans"},
    "sklearn.decomposition": {"PCA", "TruncatedSVD"},
    "sklearn.ensemble": {
        "ExtraTreesClassifier",
        "ExtraTreesRegressor",
        "GradientBoostingClassifier",
        "GradientBoostingRegressor",
        "HistGradientBoostingClassifier",
        "HistGradientBoostingRegressor",
        "RandomForestClassifier",
        "RandomForestRegressor",
    },
    "sklearn.impute": {"SimpleImputer"},
    "sklearn.linear_model": {
        "ElasticNet",
        "Lasso",
        "LinearRegression",
        "LogisticRegression",
        "Ridge",
        "RidgeClassifier",
        "SGDClassifier",
        "SGDRegressor",
    },
    "sklearn.naive_bayes": {"GaussianNB"},
    "sklearn.neighbors": {"KNeighborsClassifier", "KNeighborsRegressor"},
    "sklearn.neural_network": {"MLPClassifier", "MLPRegressor"},
    "sklearn.preprocessing": {"MaxAbsScaler", "MinMaxScaler", "Normalizer", "RobustScaler", "StandardScaler"},
    "sklearn.svm": {"LinearSVC", "LinearSVR", "SVC", "SVR"},
    "sklearn.tree": {"DecisionTreeClassifier", "DecisionTreeRegressor"},
}


def for_arrays(estimator: Any, names: list[str] | None) -> Any | None:
    """A copy of the estimator that takes arrays without a warning; its weights are the same objects.

    None if it isn't known to answer the same. `names` are those of the signature's columns, where they have some.
    """
    if type(estimator).__name__ == "Pipeline" and _module(estimator) == "sklearn.pipeline":
        return _pipeline_for_arrays(estimator, names)
    if type(estimator).__name__ not in _PLAIN.get(_module(estimator), ()):
        return None
    # HistGradientBoosting's, for categories; and what `set_output` leaves.
    if getattr(estimator, "_preprocessor", None) is not None or hasattr(estimator, "_sklearn_output_config"):
        return None
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is None:
        return estimator
    if names is None or len(fitted) != len(names) or not all(map(_is_same, fitted, names)):
        return None
    nameless = copy(estimator)
    try:
        del nameless.feature_names_in_
    except AttributeError:
        return None
    return nameless


def _pipeline_for_arrays(pipeline: Any, names: list[str] | None) -> Any | None:
    if pipeline.memory is not None or pipeline.verbose or hasattr(pipeline, "_sklearn_output_config"):
        return None
    steps = []
    for position, (name, step) in enumerate(pipeline.steps):
        if step is not None and step != "passthrough":
            # All but the first get an array from the one before.
            step = for_arrays(step, names if position == 0 else None)
            if step is None:
                return None
        elif position == 0:
            return None
        steps.append((name, step))
    nameless = copy(pipeline)
    nameless.steps = steps
    return nameless


def _module(estimator: Any) -> str:
    """The public module: `sklearn.linear_model` of `sklearn.linear_model._base`."""
    return type(estimator).__module__.partition("._")[0]


def _is_same(fitted: Any, name: str) -> bool:
    return isinstance(fitted, (str, np.str_)) and str(fitted) == name
