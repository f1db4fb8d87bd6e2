-- Something happened. No row.
--
-- Parameters: who, act, about, address, done.

insert into panelens.audit (who, act, about, address, done)
values (%(who)s, %(act)s, %(about)s, %(address)s, %(done)s)
