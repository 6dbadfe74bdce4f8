"""An OpenID Connect issuer: discovery, keys, the code flow, and tokens, honest ones and others."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "pigeonhole"


class OidcIssuer:
    """Signs what it is asked to; `is_down` lets it answer 503, `fetches` counts looks at its keys.

    Whoever comes by a browser is the person that `person` makes of the honest claims; `access` changes those of the
    access token alone.
    """

    def __init__(self) -> None:
        self.is_down = False
        self.person: dict[str, Any] = {}
        self.access: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.fetches = 0
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.rotate("first")
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                if issuer.is_down:
                    self.send_error(503)
                elif path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", issuer.authorize(dict(parse_qsl(query))))
                    self.end_headers()
                else:
                    issuer.fetches += path == "/jwks"
                    self.answer({"/.well-known/openid-configuration": issuer.discovery, "/jwks": issuer.jwks}[path]())

            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(issuer.exchange(dict(parse_qsl(form))))

            def answer(self, document: dict[str, Any]) -> None:
                content = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def rotate(self, key_id: str) -> None:
        """Sign with a new key from now on; only that one is shown."""
        self.keys = {key_id: rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.key_id = key_id

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.public_jwk(key_id) for key_id in self.keys]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Let the person in without a question, and return where the browser goes on."""
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchange(self, form: dict[str, str]) -> dict[str, Any]:
        """Give tokens for a code, once, to whoever has asked for it (RFC 7636)."""
        asked = self.codes.pop(form["code"])
        challenge = _encoded(hashlib.sha256(form["code_verifier"].encode()).digest())
        assert (asked["code_challenge"], asked["redirect_uri"]) == (challenge, form["redirect_uri"])
        return {
            "token_type": "Bearer",
            "access_token": self.token(**{**self.person, **self.access}),
            "id_token": self.token(aud=asked["client_id"], nonce=asked["nonce"], **self.person),
        }

    def public_jwk(self, key_id: str) -> dict[str, Any]:
        public = json.loads(RSAAlgorithm.to_jwk(self.keys[key_id].public_key()))
        return {**public, "kid": key_id, "use": "sig", "alg": "RS256"}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What an honest token of an admin of the home tenant says; a claim that is changed to None is left out."""
        present = int(time.time())
        honest = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "person-1",
            "preferred_username": "camille",
            "groups": ["admin"],
            "tenant": "default",
            "iat": present,
            "exp": present + 600,
        }
        return {name: value for name, value in {**honest, **changes}.items() if value is not None}

    def token(self, *, key: Any = None, key_id: str | None = None, algorithm: str = "RS256", **changes: Any) -> str:
        return jwt.encode(
            self.claims(**changes),
            self.keys[self.key_id] if key is None else key,
            algorithm=algorithm,
            headers={"kid": key_id or self.key_id},
        )

    def dishonest_tokens(self) -> dict[str, str]:
        """Tokens that must be refused, by what is wrong with them."""
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        past = int(time.time()) - 3600
        public = self.keys[self.key_id].public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return {
            "expired": self.token(exp=past),
            "not yet good": self.token(nbf=past + 7200),
            "without an end": self.token(exp=None),
            "without a subject": self.token(sub=None),
            "for somebody else": self.token(aud="another-service"),
            "for nobody": self.token(aud=None),
            "of another issuer": self.token(iss="https://issuer.example"),
            "signed by a stranger": self.token(key=stranger),
            "signed by a stranger under a name of his own": self.token(key=stranger, key_id="stranger"),
            "unsigned": jwt.encode(self.claims(), None, algorithm="none", headers={"kid": self.key_id}),
            "HS256 with the public key": _hs256(self.claims(), pem, self.key_id),
            "with a changed claim": _with_other_claims(self.token(groups=["user"]), self.claims()),
            "cut short": self.token()[:-20],
            "no token": "a.b.c",
            "nonsense": "nonsense",
        }

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _hs256(claims: dict[str, Any], secret: bytes, key_id: str) -> str:
    """Sign with a public key as if it were a shared secret, which the library itself refuses to do."""
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': key_id})}.{_part(claims)}"
    return f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _with_other_claims(token: str, claims: dict[str, Any]) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{_part(claims)}.{signature}"


def _part(content: dict[str, Any]) -> str:
    return _encoded(json.dumps(content).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
