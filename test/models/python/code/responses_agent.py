"""Says what it was told, word by word when it streams."""

import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse, ResponsesAgentStreamEvent


class Echo(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        said = request.input[-1].content
        return ResponsesAgentResponse(output=[self.create_text_output_item(text=said, id="1")])

    def predict_stream(self, request: ResponsesAgentRequest):
        for number, word in enumerate(request.input[-1].content.split()):
            yield ResponsesAgentStreamEvent(**self.create_text_delta(delta=word, item_id=str(number)))


mlflow.models.set_model(Echo())
