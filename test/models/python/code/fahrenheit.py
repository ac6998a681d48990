"""A model from code: this file is logged as it is."""

import mlflow
import mlflow.models


class Fahrenheit(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.digits = context.model_config["digits"]

    def predict(self, context, model_input, params=None):
        return (model_input["celsius"] * 1.8 + 32).round(self.digits)


mlflow.models.set_model(Fahrenheit())
