"""The usual way to serve a model in Python: FastAPI, uvicorn with uvloop, ONNX Runtime. One process a processor.

python fastapi_server.py MODEL.onnx PORT
"""

import base64
import os
import sys

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()


class Image(BaseModel):
    width: int
    height: int
    pixels: str


def session():
    options = onnxruntime.SessionOptions()
    # The processes share the processors, so none of them takes all.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])


network = session() if "MODEL" in os.environ else None


@app.get("/healthz")
async def healthz():
    return {"status": "ok"}


@app.post("/api/predict")
async def predict(image: Image):
    pixels = np.frombuffer(base64.b64decode(image.pixels), dtype=np.uint8)
    x = pixels.reshape(1, 1, image.height, image.width).astype(np.float32) / 255
    logits = network.run(None, {network.get_inputs()[0].name: x})[0][0]
    exponentials = np.exp(logits - logits.max())
    probabilities = exponentials / exponentials.sum()
    ranking = np.argsort(-probabilities)
    top = [{"class": int(c), "label": str(c), "probability": float(probabilities[c])} for c in ranking]
    return JSONResponse({"text": str(ranking[0]), "items": [{**top[0], "top": top}]})


if __name__ == "__main__":
    os.environ["MODEL"] = sys.argv[1]
    uvicorn.run(
        "fastapi_server:app",
        app_dir=os.path.dirname(os.path.abspath(__file__)),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        workers=os.cpu_count(),
        log_level="warning",
        access_log=False,
    )
