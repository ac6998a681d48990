"""Says what it got, or what it was told, word by word, when it streams."""

import json

import mlflow
from mlflow.types.agent import ChatAgentChunk, ChatAgentMessage, ChatAgentResponse


class Echo(mlflow.pyfunc.ChatAgent):
    def predict(self, messages, context=None, custom_inputs=None):
        got = {"messages": [each.model_dump() for each in messages], "context": context and context.model_dump()}
        said = ChatAgentMessage(role="assistant", content=json.dumps(got, ensure_ascii=False, sort_keys=True), id="2")
        return ChatAgentResponse(messages=[said], custom_outputs={"inputs": custom_inputs})

    def predict_stream(self, messages, context=None, custom_inputs=None):
        for number, word in enumerate(messages[-1].content.split()):
            yield ChatAgentChunk(delta=ChatAgentMessage(role="assistant", content=word, id=str(number)))


mlflow.models.set_model(Echo())
