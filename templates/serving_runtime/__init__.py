"""Serves an MLflow model over HTTP by the custom-container contract of Vertex AI.

From start to answer:

    __main__      reads the settings, loads, listens
    settings      the environment variables
    model_source  finds the model directory, or downloads it
    app           the two routes
    prediction    request body -> decoder -> predictor -> response body
    request       the request body's form
    inputs        chooses the decoder by the model's signature, once, at start:
                    columns (built on scalars and nested), tensors, untyped
    parameters    MLflow's inference params
    outputs       what a model returns -> JSON
    stream        an answer that comes part by part, as Server-Sent Events
"""
