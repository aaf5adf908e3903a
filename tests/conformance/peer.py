"""The other side of the conformance suite: performs calls on the AuthDB of the real diracx-db.

Every line on standard input is a call, {"call": NAME, "arguments": {...}}; every line on standard output answers one,
{"ok": VALUE} or {"error": CLASS, "message": TEXT}. A call is a transaction of its own unless "transaction" groups
several. The address of the database comes in a call, too, because other users can read a command line.
"""

import asyncio
import contextlib
import json
import sys
from datetime import UTC, datetime, timedelta
from enum import Enum
from unittest import mock

from dateutil.relativedelta import relativedelta
from diracx.db.sql import AuthDB
from diracx.db.sql.auth import db as auth
from diracx.db.sql.auth.schema import FlowStatus, RefreshTokenStatus
from uuid_utils import UUID

FUNCTIONS = {
    "insert_device_flow",
    "device_flow_validate_user_code",
    "get_device_flow",
    "update_device_flow_status",
    "device_flow_insert_id_token",
    "insert_authorization_flow",
    "authorization_flow_insert_id_token",
    "get_authorization_flow",
    "update_authorization_flow_status",
    "insert_refresh_token",
    "get_refresh_token",
    "get_user_refresh_tokens",
    "revoke_refresh_token",
    "revoke_user_refresh_tokens",
    "maintain_refresh_token_partitions",
}

# How arguments that JSON has no type for become what DiracX's service passes.
CONVERSIONS = {"status": lambda word: FlowStatus[word], "jti": UUID}


def plain(value):
    """A value of DiracX's as JSON has it."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = value.astimezone(UTC)
        return value.isoformat(sep=" ").removesuffix("+00:00")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def plan(cases):
    """What DiracX's planner adds and drops in each case, as names with bounds and as names."""
    return [plan_one(**case) for case in cases]


def plan_one(months, now, retention_months, months_ahead):
    existing = [datetime(int(year), int(month), 1, tzinfo=UTC) for _, year, month in (name.split("_") for name in months)]
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now)
    drop, add = auth.plan_partition_maintenance(existing, now, retention_months, months_ahead)
    bound = {month: auth._partition_boundary(month + relativedelta(months=1)) for month in add}
    return {
        "add": [[auth._partition_name(month), bound[month]] for month in add],
        "drop": [auth._partition_name(month) for month in drop],
    }


async def perform(db, call, arguments):
    """One function of AuthDB's, inside a transaction."""
    if call == "exchange":
        return await exchange(db, **arguments)
    if call not in FUNCTIONS:
        raise LookupError(f"the peer knows no call {call}")
    arguments = dict(arguments)
    drawn = arguments.pop("drawn", None)
    arguments = {name: CONVERSIONS.get(name, lambda value: value)(value) for name, value in arguments.items()}
    letters = contextlib.nullcontext()
    if drawn is not None:
        letters = mock.patch.object(auth.secrets, "choice", side_effect="".join(drawn))
    with letters:
        return await getattr(db, call)(**arguments)


async def exchange(db, kind, code):
    """What the token endpoint does with a code: look, refuse what is used up, use it up. Says whether it was usable."""
    if kind == "device":
        if (await db.get_device_flow(code))["Status"] is not FlowStatus.READY:
            return False
        await db.update_device_flow_status(code, FlowStatus.DONE)
    elif kind == "authorization":
        if (await db.get_authorization_flow(code, 300))["Status"] is not FlowStatus.READY:
            return False
        await db.update_authorization_flow_status(code, FlowStatus.DONE)
    else:
        if (await db.get_refresh_token(UUID(code)))["Status"] is not RefreshTokenStatus.CREATED:
            return False
        await db.revoke_refresh_token(UUID(code))
    return True


class Peer:
    """A database at a time, with DiracX's pool of connections to it."""

    def __init__(self):
        self.engine = contextlib.AsyncExitStack()
        self.db = None

    async def answer(self, call, arguments):
        if call == "open":
            return await self.open(**arguments)
        if call == "create":
            return await self.create()
        if call == "plan_partition_maintenance":
            return plan(**arguments)
        if call == "transaction":
            return await self.transaction(arguments["calls"])
        if call == "together":
            runs = [self.transaction([one]) for one in arguments["calls"]]
            return [results[0] for results in await asyncio.gather(*runs)]
        return (await self.transaction([{"call": call, "arguments": arguments}]))[0]

    async def open(self, url):
        await self.engine.aclose()
        self.db = AuthDB(url)
        await self.engine.enter_async_context(self.db.engine_context())

    async def create(self):
        """Makes the schema as an installation of DiracX does."""
        async with self.db.engine.begin() as connection:
            await connection.run_sync(self.db.metadata.create_all)
            await AuthDB.post_create(connection)

    async def transaction(self, calls):
        async with self.db as db:
            return [await perform(db, **one) for one in calls]


async def main():
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints must not be taken for an answer
    peer = Peer()
    for line in sys.stdin:
        try:
            answer = {"ok": plain(await peer.answer(**json.loads(line)))}
        except Exception as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(answer), file=answers, flush=True)
    await peer.engine.aclose()


asyncio.run(main())
