"""What r4-core answers, written as one writes it with FastAPI: a peer for `cargo xtask bench`."""

import base64
import hmac
import os
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Response
from fastapi.responses import PlainTextResponse
from fastapi.security import APIKeyHeader

KEY = os.environ["R4_API_KEY"].encode()
NO_STORE = {"Cache-Control": "no-store"}

app = FastAPI(title="re4ctor-api")
header = APIKeyHeader(name="X-API-Key", auto_error=False)


def known(key: Annotated[str | None, Depends(header)]) -> None:
    if not hmac.compare_digest((key or "").encode(), KEY):
        raise HTTPException(401, "invalid api key")


@app.get("/health", response_class=PlainTextResponse)
@app.get("/ready", response_class=PlainTextResponse)
async def health() -> str:
    return "ok"


@app.get("/version")
async def version() -> dict[str, object]:
    return {"name": "re4ctor-api", "limits": {"max_bytes_per_request": 1_000_000}}


@app.get("/random", dependencies=[Depends(known)])
async def random(
    n: Annotated[int, Query(ge=1, le=1_000_000)],
    fmt: Literal["raw", "hex", "base64", "json"] = "raw",
) -> Response:
    data = os.urandom(n)
    match fmt:
        case "raw":
            return Response(data, media_type="application/octet-stream", headers=NO_STORE)
        case "hex":
            return PlainTextResponse(data.hex(), headers=NO_STORE)
        case "base64":
            return PlainTextResponse(base64.b64encode(data).decode(), headers=NO_STORE)
    text = f'{{"hex":"{data.hex()}","n":{n},"source":"kernel"}}'
    return Response(text, media_type="application/json", headers=NO_STORE)
