"""A session of a Streamlit app as a browser has one: a websocket, and files that are put beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

SECONDS = 60
XSRF = "_streamlit_xsrf"


class AppSession:
    """A session that the app has begun, in the pod that its websocket leads to."""

    def __init__(self, identity: str, browser: httpx.Client) -> None:
        self.identity = identity
        self._browser = browser

    def put_file(self, *, as_somebody_new: bool = False) -> int:
        """Put a file into the session as its uploader does, perhaps without the cookie, and return the status."""
        token = self._browser.cookies[XSRF]
        cookies = {XSRF: token} if as_somebody_new else dict(self._browser.cookies)
        url = f"{self._browser.base_url}_stcore/upload_file/{self.identity}/{uuid4()}"
        headers = {"X-Xsrftoken": token}
        files = {"file": ("a.pdf", b"%PDF-1.7", "application/pdf")}
        return httpx.put(url, files=files, cookies=cookies, headers=headers, timeout=SECONDS).status_code


@contextmanager
def app_session(url: str) -> Iterator[AppSession]:
    """Open a session of the app at an address, which ends with the block."""
    with httpx.Client(base_url=f"{url}/", timeout=SECONDS) as browser:
        browser.get("_stcore/health").raise_for_status()
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
        address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
        headers = {"Cookie": cookies}
        with connect(address, subprotocols=["streamlit"], additional_headers=headers, open_timeout=SECONDS) as socket:
            yield AppSession(_identity(socket), browser)


def _identity(socket: ClientConnection) -> str:
    """Ask the app for its page, and return the session that it says it is in."""
    socket.send(BackMsg(rerun_script=ClientState()).SerializeToString())
    while True:
        message = ForwardMsg.FromString(socket.recv(SECONDS))
        if message.WhichOneof("type") == "new_session":
            identity: str = message.new_session.initialize.session_id
            return identity
