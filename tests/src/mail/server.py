"""A mail server for the tests: aiosmtpd, set up by the JSON object that is its only argument.

It listens on two ports, plain (with STARTTLS where there is a certificate) and, with a certificate,
TLS from the first byte, and appends what happens to `events`, one JSON object on each line.
"""

import asyncio
import base64
import hmac
import json
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def note(**event):
    with open("events", "a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\n")


def told_later():
    """The answers that a test wants since the server runs."""
    try:
        with open("answers", encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


class Handler:
    """What aiosmtpd leaves to its user."""

    def __init__(self, setup):
        self.setup = setup

    def authenticate(self, server, session, envelope, mechanism, login):
        user, password = login.login.decode(), login.password.decode()
        good = [user, password] == self.setup["login"]
        note(event="login", user=user, mechanism=mechanism, accepted=good, tls=is_encrypted(server))
        return AuthResult(success=good, handled=False)

    async def auth_CRAM__MD5(self, server, args):
        challenge = b"<1896.697170952@mail.test>"
        answer = await server.challenge_auth(challenge)
        user, _, proof = answer.decode().partition(" ")
        key = self.setup["login"][1].encode()
        good = user == self.setup["login"][0] and proof == hmac.new(key, challenge, "md5").hexdigest()
        note(event="login", user=user, mechanism="CRAM-MD5", accepted=good, tls=is_encrypted(server))
        return AuthResult(success=good, handled=False)

    async def auth_XOAUTH2(self, server, args):
        user, token = self.setup["login"]
        good = base64.b64decode(args[1]).decode() == f"user={user}\x01auth=Bearer {token}\x01\x01"
        note(event="login", user=user, mechanism="XOAUTH2", accepted=good, tls=is_encrypted(server))
        if not good:
            await server.challenge_auth('{"status":"401","schemes":"Bearer"}')
        return AuthResult(success=good, handled=False)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        note(event="hello", name=hostname)
        hidden = () if self.setup["login"] else ("250-AUTH",)
        offered = [line for line in responses if not line.startswith(hidden)]
        more = ["250-" + keyword for keyword in self.setup["offers"]]
        return offered[:1] + more + offered[1:]

    async def handle_MAIL(self, server, session, envelope, address, options):
        refusal = self.setup["refused"].get(address)
        if refusal is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return refusal or "250 2.1.0 sender ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = self.setup["refused"].get(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 recipient ok"

    async def handle_RSET(self, server, session, envelope):
        note(event="reset")
        return "250 2.0.0 reset"

    async def handle_QUIT(self, server, session, envelope):
        note(event="quit")
        return "221 2.0.0 bye"

    async def handle_DATA(self, server, session, envelope):
        if self.setup["mail_refusal"]:
            return self.setup["mail_refusal"]
        content = envelope.content.decode("utf-8", "replace")
        note(
            event="mail",
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            content=content,
            tls=is_encrypted(server),
        )
        return "250 2.0.0 queued as 4711"


class Server(SMTP):
    """aiosmtpd, with the answers that a test wants in place of its own."""

    def __init__(self, setup, **options):
        handler = Handler(setup)
        super().__init__(
            handler,
            hostname="mail.test",
            ident="ESMTP aiosmtpd",
            authenticator=handler.authenticate,
            auth_exclude_mechanism=setup["without_mechanisms"]
            + [mechanism for mechanism in ("CRAM-MD5", "XOAUTH2") if mechanism not in setup["with_mechanisms"]],
            enable_SMTPUTF8=setup["utf8"],
            auth_required=setup["login_required"],
            data_size_limit=setup["size_limit"],
            **options,
        )
        self.setup = setup
        self.greeting = None
        self.greeted = False
        for command in setup["mute"]:
            self._smtp_methods[command] = self.never_answer
        for command, answer in {**setup["answers"], **told_later()}.items():
            if command == "greeting":
                self.greeting = answer
            else:
                self._smtp_methods[command] = self.answering(answer)

    async def push(self, status):
        if not self.greeted:
            self.greeted = True
            if self.greeting:
                await super().push(self.greeting)
                self.transport.close()
                return
        await super().push(status)

    async def never_answer(self, argument):
        await asyncio.Event().wait()

    def answering(self, answer):
        async def method(argument):
            await self.push(answer)

        return method


def is_encrypted(server):
    return server.transport.get_extra_info("ssl_object") is not None


async def main(setup):
    loop = asyncio.get_running_loop()
    context = None
    if setup["certificate"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(setup["certificate"], setup["key"])
    plain = {
        "tls_context": context,
        "require_starttls": setup["starttls_required"],
        "auth_require_tls": setup["login_needs_tls"],
    }
    await loop.create_server(lambda: Server(setup, **plain), "127.0.0.1", setup["port"])
    if context:
        # aiosmtpd knows of its own STARTTLS only: under a listener with TLS it takes itself for plain.
        await loop.create_server(
            lambda: Server(setup, auth_require_tls=False), "127.0.0.1", setup["tls_port"], ssl=context
        )
    await asyncio.Event().wait()


logging.basicConfig(stream=sys.stderr, level=logging.INFO)
asyncio.run(main(json.loads(sys.argv[1])))
