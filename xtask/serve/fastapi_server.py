"""The usual way to serve a model in Python: FastAPI, uvicorn with uvloop, ONNX Runtime, Pillow.

It does less than `serve`: no preparation, no thresholds, one digit, no limits.

python fastapi_server.py MODEL.onnx PORT PROCESSES
"""

import base64
import io
import os
import sys

import numpy as np
import onnxruntime
import uvicorn
import PIL.Image
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()


class Pixels(BaseModel):
    width: int
    height: int
    pixels: str


def session():
    options = onnxruntime.SessionOptions()
    if int(os.environ["PROCESSES"]) > 1:
        # The processes share the processors, so none of them takes all.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])


network = session() if "MODEL" in os.environ else None


@app.get("/healthz")
async def healthz():
    return {"status": "ok"}


@app.post("/api/predict")
async def predict(request: Request):
    body = await request.body()
    if request.headers.get("content-type") == "application/json":
        image = Pixels.model_validate_json(body)
        pixels = np.frombuffer(base64.b64decode(image.pixels), dtype=np.uint8).reshape(image.height, image.width)
    else:
        pixels = np.asarray(PIL.Image.open(io.BytesIO(body)).convert("L"))
    x = pixels[None, None].astype(np.float32) / 255
    logits = network.run(None, {network.get_inputs()[0].name: x})[0][0]
    exponentials = np.exp(logits - logits.max())
    probabilities = exponentials / exponentials.sum()
    ranking = np.argsort(-probabilities)
    top = [{"class": int(c), "label": str(c), "probability": float(probabilities[c])} for c in ranking]
    return JSONResponse({"text": str(ranking[0]), "items": [{**top[0], "top": top}]})


if __name__ == "__main__":
    os.environ["MODEL"], os.environ["PROCESSES"] = sys.argv[1], sys.argv[3]
    uvicorn.run(
        "fastapi_server:app",
        app_dir=os.path.dirname(os.path.abspath(__file__)),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        workers=int(sys.argv[3]),
        log_level="warning",
        access_log=False,
    )
