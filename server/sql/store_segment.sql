-- Keep a filter under a name, unless the panel keeps as many as it may.
--
-- One row, when it was kept: the segment's number.
-- Parameters: panel, name, note, question, filter (JSON), people, made_by; most, how many are kept.

insert into panelens.segment (panel, name, note, question, filter, people, made_by)
select
    %(panel)s, %(name)s, %(note)s, %(question)s, %(filter)s, %(people)s, %(made_by)s
where (select count(*) from panelens.segment where panel = %(panel)s) < %(most)s
returning id
