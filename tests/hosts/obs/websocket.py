"""A few requests of OBS's own remote control, obs-websocket 5, written by hand: an observer that is none of ours."""

import base64
import itertools
import json
import os
import socket
import struct
import time
from typing import Any

NOT_READY = 207
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
IDENTIFY, REQUEST, RESPONSE = 1, 6, 7


class Refused(Exception):
    """OBS answered that it will not; ``code`` is obs-websocket's."""

    def __init__(self, request: str, code: int, why: str) -> None:
        self.code = code
        super().__init__(f"{request}: {code} {why}")


class Observer:
    """One connection without a password. Raises OSError while OBS does not listen yet."""

    def __init__(self, port: int) -> None:
        self._numbers = itertools.count(1)
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._file = self._socket.makefile("rb")
        try:
            self._shake_hands(port)
        except OSError:
            self.close()
            raise

    def ask(self, request: str, **data: Any) -> dict[str, Any]:
        """The answer's data. Asked again for as long as OBS says that it is not ready. Raises Refused."""
        deadline = time.monotonic() + 30
        while True:
            number = str(next(self._numbers))
            self._send(REQUEST, {"requestType": request, "requestId": number, "requestData": data})
            answer = self._receive()
            while answer["op"] != RESPONSE or answer["d"]["requestId"] != number:
                answer = self._receive()
            status = answer["d"]["requestStatus"]
            if status["result"]:
                return dict(answer["d"].get("responseData") or {})
            if status["code"] != NOT_READY or time.monotonic() > deadline:
                raise Refused(request, status["code"], status.get("comment", ""))
            time.sleep(0.2)

    def screenshot(self, source: str, width: int, height: int) -> bytes:
        """A PNG of what OBS draws for a source or scene now."""
        said = self.ask(
            "GetSourceScreenshot", sourceName=source, imageFormat="png", imageWidth=width, imageHeight=height
        )
        return base64.b64decode(said["imageData"].partition(",")[2])

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _shake_hands(self, port: int) -> None:
        hello = ["GET / HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade"]
        hello.append(f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}")
        hello += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: obswebsocket.json"]
        self._socket.sendall("\r\n".join([*hello, "", ""]).encode())
        while self._file.readline().strip():
            pass
        self._receive()
        self._send(IDENTIFY, {"rpcVersion": 1, "eventSubscriptions": 0})
        self._receive()

    def _send(self, op: int, data: dict[str, Any]) -> None:
        self._frame(TEXT, json.dumps({"op": op, "d": data}).encode())

    def _frame(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        length = struct.pack(">B", 128 | size) if size < 126 else struct.pack(">BH", 128 | 126, size)
        mask = os.urandom(4)
        hidden = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self._socket.sendall(bytes([128 | kind]) + length + mask + hidden)

    def _receive(self) -> Any:
        """The next message; pings are answered."""
        text = b""
        while True:
            head = self._read(2)
            size = head[1] & 127
            if size > 125:
                size = struct.unpack(">H" if size == 126 else ">Q", self._read(2 if size == 126 else 8))[0]
            payload, kind = self._read(size), head[0] & 15
            if kind == CLOSE:
                raise ConnectionError("OBS closed the connection")
            if kind == PING:
                self._frame(PONG, payload)
            elif kind != PONG:
                text += payload
                if head[0] & 128:
                    return json.loads(text)

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise ConnectionError("OBS ended the connection")
        return data
