"""Says what it got, or what it was told, word by word, when it streams."""

import json

import mlflow
from mlflow.types.llm import ChatChoice, ChatChunkChoice, ChatChoiceDelta, ChatCompletionChunk, ChatCompletionResponse
from mlflow.types.llm import ChatMessage


class Echo(mlflow.pyfunc.ChatModel):
    def predict(self, context, messages, params):
        got = {"messages": [each.to_dict() for each in messages], "params": params.to_dict()}
        said = json.dumps(got, ensure_ascii=False, sort_keys=True)
        choice = ChatChoice(index=0, message=ChatMessage(role="assistant", content=said), finish_reason="stop")
        return ChatCompletionResponse(choices=[choice], model="echo", id="1", created=1)

    def predict_stream(self, context, messages, params):
        for word in messages[-1].content.split():
            choice = ChatChunkChoice(index=0, delta=ChatChoiceDelta(role="assistant", content=word))
            yield ChatCompletionChunk(choices=[choice], model="echo", id="1", created=1)


mlflow.models.set_model(Echo())
