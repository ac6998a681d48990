"""Serves an MLflow model over HTTP by the custom-container contract of Vertex AI.

From start to answer:

    __main__      reads the settings, loads, listens
    settings      the environment variables
    model_source  finds the model directory, or downloads it
    app           the two routes
    pace          whether a prediction needs a thread
    prediction    request body -> decoder -> predictor -> response body
    request       the request body's form
    inputs        chooses the decoder by the model's signature, once, at start:
                    columns (built on scalars and nested), tensors, untyped
                    quick: the common case of them, a column at a time
    parameters    MLflow's inference params
    direct        a library's model without MLflow around it, on arrays where estimators lets it
    shortcut      the way of a plain request to it, which leaves out all that would change nothing
    outputs       what a model returns -> JSON
    stream        an answer that comes part by part, as Server-Sent Events
"""
