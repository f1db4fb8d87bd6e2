-- Keep a filter under a name.
--
-- One row: the segment's number.
-- Parameters: panel, name, note, question, filter (JSON), people, made_by.

insert into panelens.segment (panel, name, note, question, filter, people, made_by)
values (%(panel)s, %(name)s, %(note)s, %(question)s, %(filter)s, %(people)s, %(made_by)s)
returning id
