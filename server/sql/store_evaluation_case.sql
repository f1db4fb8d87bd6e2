-- Keep what became of one question; its rates follow from the sizes.
--
-- No rows. Parameters: the columns' names.

insert into panelens.evaluation_case (
    run_id, number, question, tags, fields,
    gold, predicted, gold_unsupported, predicted_unsupported,
    exact, unsupported_correct, limit_correct, confidence, milliseconds,
    gold_size, predicted_size, common_size
)
values (
    %(run_id)s, %(number)s, %(question)s, %(tags)s, %(fields)s,
    %(gold)s, %(predicted)s, %(gold_unsupported)s, %(predicted_unsupported)s,
    %(exact)s, %(unsupported_correct)s, %(limit_correct)s, %(confidence)s, %(milliseconds)s,
    %(gold_size)s, %(predicted_size)s, %(common_size)s
)
