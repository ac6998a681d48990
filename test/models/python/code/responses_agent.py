"""Says what it got; in parts when it streams."""

import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse, ResponsesAgentStreamEvent


class Echo(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        said = request.model_dump_json(exclude_none=True)
        return ResponsesAgentResponse(output=[self.create_text_output_item(text=said, id="1")])

    def predict_stream(self, request: ResponsesAgentRequest):
        for number, word in enumerate(request.model_dump_json(exclude_none=True).split(",")):
            yield ResponsesAgentStreamEvent(**self.create_text_delta(delta=word, item_id=str(number)))


mlflow.models.set_model(Echo())
