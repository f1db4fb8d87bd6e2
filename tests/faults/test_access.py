"""Who one is can still be told while nothing can be written down."""

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from server.access.person import Role
from server.catalogue import Catalogue
from tests.faults.conftest import operator
from tests.web.guarded import guarded


async def test_a_read_only_database_keeps_nobody_out_who_was_in(
    database: str, catalogue: Catalogue
) -> None:
    name = str(conninfo_to_dict(database)["dbname"])
    with guarded(catalogue, database) as door:
        async with door.person(Role.OWNER) as person, door.program(Role.VIEWER) as program:
            with operator(database) as connection:
                setting = sql.SQL("alter database {} set default_transaction_read_only = on")
                connection.execute(setting.format(sql.Identifier(name)))
                # The session and the token were not used this minute: their use would be noted.
                connection.execute(
                    "update panelens.session set seen_at = now() - interval '1 hour'"
                )
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
            assert (await person.get("/codebook")).status_code == 200
            assert (await program.get("/api/catalogue")).status_code == 200
            async with door.program() as outside:
                refused = await door.sign_in(outside, door.names[Role.OWNER])
            assert refused.status_code == 503  # nobody enters unseen
