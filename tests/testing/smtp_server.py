"""A real SMTP server (aiosmtpd) that also refuses, stalls and drops, for integration tests.

Prints "PORT <n>" once it listens, then one line of JSON for each mail that it accepted. The local part of a recipient says
what happens to it: refuse550, refuse451, stall (no answer for a minute), drop (the connection is closed).
"""

import argparse
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        what = address.split("@")[0]
        if what == "refuse550":
            return "550 5.1.1 no such mailbox here"
        if what == "refuse451":
            return "451 4.7.1 come back later"
        if what == "stall":
            await asyncio.sleep(60)
        if what == "drop":
            server.transport.abort()
            return "250 never seen"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "hello": session.host_name,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "authenticated": session.authenticated,
            "peer": session.peer[1],
            "data": envelope.content.decode("utf-8", "replace"),
        }
        print(json.dumps(mail, separators=(",", ":")), flush=True)
        return "250 2.0.0 queued as 12345"


def authenticator(user, password):
    def check(server, session, envelope, mechanism, auth_data):
        ok = (
            isinstance(auth_data, LoginPassword)
            and auth_data.login == user.encode()
            and auth_data.password == password.encode()
        )
        return AuthResult(success=ok, handled=ok)

    return check


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--cert")
    options.add_argument("--key")
    options.add_argument("--implicit-tls", action="store_true")
    options.add_argument("--user")
    options.add_argument("--password")
    args = options.parse_args()

    context = None
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)

    def session():
        smtp = SMTP(
            Handler(),
            hostname="mail.test",
            tls_context=None if args.implicit_tls else context,
            authenticator=authenticator(args.user, args.password) if args.user else None,
            auth_required=bool(args.user),
            auth_require_tls=context is not None and not args.implicit_tls,
        )
        return smtp

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if args.implicit_tls else None)
    print("PORT", server.sockets[0].getsockname()[1], flush=True)
    # The test closes our standard input when it is done, also when it dies.
    await loop.run_in_executor(None, sys.stdin.read)
    sys.exit(0)


asyncio.run(main())
